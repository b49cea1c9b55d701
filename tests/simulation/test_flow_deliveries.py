"""To whom a message goes is noted with its recording: once, whatever comes twice, late, or after the hang-up."""

from pathlib import Path

import pytest

from dialtone.domain.delivery_targets import DeliveryTarget
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.recordings import Recording
from infra.carrier import BEEP, Caller, HangUp, Hear, Press, Say, Silence
from infra.flowkit.drawing.words import details_of, edge_label, met_by_caller
from infra.flowkit.stage import Stage
from tests.staged_call import StagedCall, loaded

FLOW = """
flow: mailbox
last_resort: bye
on_hangup: whom
steps:
  message:
    record: Leave a message.
    deliver: [{email: ada@example.com, audio: link}, {chat: support}]
    review: {say: "Press 1, 2, 3 or star.", deleted: bye}
  thanks: {say: Thank you., next: bye}
  bye: hangup
  whom:
    branch: [{when: {caller: "+15550143"}, to: other}]
    otherwise: bye
  other: {deliver: [{chat: sales}], no_recording: none, next: bye}
  none: {set: {outcome: nothing}, next: bye}
"""
AT_ONCE = """
flow: mailbox
last_resort: bye
steps:
  message:
    record: Leave a message.
    review: {say: "Press 1, 2, 3 or star.", deleted: bye}
  hand-over: {deliver: [{chat: sales}]}
  thanks: {say: Thank you., next: bye}
  bye: hangup
"""
ADA, SUPPORT, SALES = (
    DeliveryTarget("email", "ada@example.com", "link"),
    DeliveryTarget("chat", "support"),
    DeliveryTarget("chat", "sales"),
)
LEAVES = Caller(BEEP, Say(2, "Hello."), Press("#"), Hear("Press 1"), Press("1"), Silence(30))


def recorded(folder: Path, caller: Caller, *, flow: str = FLOW, number: str = "+15550142") -> tuple[Recording, ...]:
    (folder / "mailbox.yaml").write_text(flow)
    (folder / "numbers.yaml").write_text('"+15550173": mailbox\n')
    stage = Stage(flows=folder)
    line = stage.call(number, "+15550173", caller)
    stage.carrier.run()
    return tuple(stage.store.recordings(line.name.call_session_id))


def test_a_message_goes_to_whom_its_step_names(tmp_path: Path) -> None:
    [recording] = recorded(tmp_path, LEAVES)

    assert recording.deliver == (ADA, SUPPORT)
    assert recording.review == "kept"


def test_a_message_that_is_recorded_anew_leaves_the_first_marked(tmp_path: Path) -> None:
    again = Caller(
        *(BEEP, Say(1, "Hm."), Press("#"), Hear("Press 1"), Press("2")),
        *(BEEP, Say(2, "Hello."), HangUp()),
    )

    first, second = recorded(tmp_path, again)

    assert (first.review, second.review) == ("superseded", "")
    assert second.deliver == (ADA, SUPPORT)


def test_a_step_after_the_hang_up_names_others(tmp_path: Path) -> None:
    [recording] = recorded(tmp_path, Caller(BEEP, Say(2, "Hello."), HangUp()), number="+15550143")

    assert recording.deliver == (SALES,)
    assert recording.status == "saved"


def test_a_step_that_follows_the_callers_decision_at_once_is_one_write_with_it(tmp_path: Path) -> None:
    [recording] = recorded(tmp_path, LEAVES, flow=AT_ONCE)

    assert (recording.deliver, recording.review) == ((SALES,), "kept")


def test_a_step_that_follows_the_recordings_report_at_once_is_one_write_with_it(tmp_path: Path) -> None:
    flow = AT_ONCE.replace('    review: {say: "Press 1, 2, 3 or star.", deleted: bye}\n', "    silence_seconds: 2\n")

    [recording] = recorded(tmp_path, Caller(BEEP, Say(2, "Hello."), Silence(40)), flow=flow)

    assert (recording.deliver, recording.status) == ((SALES,), "saved")


def test_without_a_recording_the_step_goes_on() -> None:
    staged = StagedCall("""
    last_resort: bye
    steps:
      hand-over: {deliver: [{chat: sales}], no_recording: none}
      bye: hangup
      none: {say: Nothing., next: bye}
    """)

    decision = staged.pick_up()

    assert staged.call.step == "none"
    assert decision.deliveries == ()


TARGETS = "last_resort: bye\nsteps:\n  message: {{record: Speak., deliver: {}}}\n  bye: hangup\n"


@pytest.mark.parametrize(
    "written",
    [
        "[]",
        "[{}]",
        "[{email: ada}]",
        '[{email: "{caller}@example.com"}]',
        '[{email: "ada@example.com, all@example.com"}]',
        '[{email: "Ada <ada@example.com>"}]',
        '[{email: "ada@example.com\\nBcc: all@example.com"}]',
        f"[{{email: {'a' * 250}@example.com}}]",
        "[{email: ada@example.com, chat: support}]",
        "[{email: ada@example.com}, {email: ada@example.com, audio: link}]",
        "[{chat: https://hooks.example.com/x}]",
        f"[{{chat: {'a' * 41}}}]",
        "[{chat: support, audio: link}]",
        "[{email: ada@example.com, audio: streamed}]",
        f"[{', '.join(f'{{chat: c{number}}}' for number in range(11))}]",
    ],
)
def test_what_is_no_target_is_refused_with_its_place(written: str) -> None:
    with pytest.raises(FlowInvalid, match="deliver"):
        loaded(TARGETS.format(written))


def test_ten_targets_are_possible() -> None:
    ten = [f"{{chat: c{number}}}" for number in range(9)]

    flow = loaded(TARGETS.format(f"[{{email: a.b+c@mail.example.co.uk}}, {', '.join(ten)}]"))

    assert len(flow.main.steps["message"].delivers_to()) == 10


def test_pictures_and_differences_name_the_targets() -> None:
    flow = loaded(FLOW.replace("flow: mailbox\n", "")).main

    assert "delivered to email ada@example.com (link), chat support" in details_of(flow.steps["message"])
    assert met_by_caller(flow.steps["other"]) == "chat sales"
    assert edge_label(flow.steps["other"], "no_recording") == "nothing recorded"
