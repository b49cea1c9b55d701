"""Keys that people press while they talk."""

from pathlib import Path

import pytest

from dialtone.domain.command_effects import callee_state
from dialtone.domain.decisions import FLOW_ERROR, Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.watchdog_schedule import watched
from dialtone.flow.in_call_keys import BETWEEN_SECONDS, KEYS, MAX_OBEYED, TalkState
from dialtone.flow.steps.transfer import TransferState
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.words import details_of
from infra.flowkit.lint import lint
from tests.staged_call import StagedCall, actions, happened, loaded

TRANSFER = """
    last_resort: sorry
    steps:
      sales:
        transfer: "+15550191"
        during:
          "*2": {recording: start, announce: "This call is recorded from now on."}
          "*3": {recording: pause}
          "*4": {recording: resume}
          "*5": {recording: stop, by: both}
          "#1": {announce: "Your card, please.", to: caller, by: agent}
          7: {announce: {media: chime}, to: agent, by: caller}
      sorry: {say: Sorry.}
"""
TAKE = """
    last_resort: sorry
    steps:
      take:
        take_from: support
        hold: {media: tune}
        during:
          "*2": {recording: start}
          "*3": {announce: "You are being helped.", to: caller}
          "*4": {announce: "Five minutes."}
      sorry: {say: Sorry.}
"""
QUEUE = """
    last_resort: sorry
    steps:
      line:
        queue: support
        hold: {media: tune}
        during: {"*2": {recording: start, by: caller}, "*5": {recording: stop, by: both}}
      sorry: {say: Sorry.}
"""
CARDS = TRANSFER + '\n      card: {collect: "Your card.", into: card, digits: 16, sensitive: true}\n'


def talking(flow: str = TRANSFER) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    staged.tell("call.bridged")
    return staged


def press(staged: StagedCall, keys: str, *, by: str = "agent", between: float = 0.3) -> Decision:
    """What comes of the last of these keys."""
    mark = callee_state(staged.call, dialled=False) if by == "agent" else staged.mark
    for key in keys:
        staged.seconds += between
        decision = staged.take(happened("call.dtmf.received", staged.seconds, mark, digit=key))
    return decision


def state(staged: StagedCall) -> TransferState:
    return TransferState.of(staged.call)


def test_an_agent_starts_a_recording_that_is_announced_to_both_first() -> None:
    staged = talking()

    speak, record = press(staged, "*2").commands

    assert (speak.action, speak.parameters["target_legs"]) == ("speak", "both")
    assert (record.action, record.parameters["channels"]) == ("record_start", "dual")
    assert staged.decisions[-1].reason == "announce and recording start"
    assert staged.call.recorder == "on"


def test_the_whole_life_of_a_recording() -> None:
    staged = talking()

    did = [actions(press(staged, keys)) for keys in ("*2", "*3", "*3", "*4", "*4", "*5", "*5", "*2")]

    assert did == [
        ["speak", "record_start"],
        ["record_pause"],
        [],
        ["record_resume"],
        [],
        ["record_stop"],
        [],
        ["speak", "record_start"],
    ]
    assert staged.call.recordings[0].pauses
    assert staged.call.recordings[0].pauses[0].why == "flow"


def test_a_recording_is_started_once_however_often_it_is_asked_for() -> None:
    staged = talking()
    press(staged, "*2")

    again = press(staged, "*2")

    assert (again.commands, again.reason) == ((), "no recording to start")


def test_somebody_who_plays_with_the_keys_is_not_obeyed_for_ever() -> None:
    staged = talking()

    did = [press(staged, "#1").commands for _ in range(MAX_OBEYED + 2)]

    assert [bool(each) for each in did] == [True] * MAX_OBEYED + [False] * 2
    assert staged.decisions[-1].reason == f"over {MAX_OBEYED} keys in one conversation"


def test_a_caller_who_has_declined_to_be_recorded_is_not() -> None:
    staged = talking()
    staged.call = staged.call.remembering("consent", "declined")

    assert press(staged, "*2").commands == ()


def test_keys_are_those_of_the_side_that_they_are_for() -> None:
    staged = talking()

    assert press(staged, "*2", by="caller").commands == ()
    assert actions(press(staged, "7", by="caller")) == ["playback_start"]
    assert press(staged, "7", by="agent").commands == ()
    press(staged, "*2")
    assert actions(press(staged, "*5", by="caller")) == ["record_stop"]


def test_two_keys_of_different_people_are_no_sequence() -> None:
    staged = talking()
    press(staged, "*", by="agent")

    assert press(staged, "5", by="caller").commands == ()


@pytest.mark.parametrize(
    ("flow", "keys", "heard_by"),
    [(TRANSFER, "#1", "self"), (TAKE, "*3", "opposite"), (TAKE, "*4", "both")],
)
def test_an_announcement_is_heard_by_those_whom_it_is_for(flow: str, keys: str, heard_by: str) -> None:
    staged = talking(flow)
    by = "caller" if flow is TAKE else "agent"  # the agent's is the leg that the flow leads

    (speak,) = press(staged, keys, by=by).commands

    assert speak.parameters["target_legs"] == heard_by


def test_the_second_key_may_take_its_time_but_not_too_much() -> None:
    staged = talking()

    assert actions(press(staged, "*2", between=BETWEEN_SECONDS)) == ["speak", "record_start"]
    assert press(staged, "*5", between=BETWEEN_SECONDS + 0.1).commands == ()


def test_keys_count_in_the_order_in_which_they_were_pressed() -> None:
    staged = talking()
    mark = callee_state(staged.call, dialled=False)
    second = happened("call.dtmf.received", 10.4, mark, digit="2")

    staged.take(second)
    decision = staged.take(happened("call.dtmf.received", 10.0, mark, digit="*"))

    assert actions(decision) == ["speak", "record_start"]
    assert state(staged).agent_key == 0


def test_a_key_of_before_the_conversation_counts_for_nothing() -> None:
    staged = talking()

    decision = staged.take(happened("call.dtmf.received", 0.5, staged.mark, digit="7"))

    assert decision.commands == ()


def test_a_key_of_a_step_already_left_counts_for_nothing() -> None:
    staged = talking(TRANSFER.replace('"+15550191"', '"+15550191"\n        after: sorry'))
    mark = callee_state(staged.call, dialled=False)
    staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing", hangup_source="callee")

    assert staged.call.step == "sorry"
    assert staged.take(happened("call.dtmf.received", 9, mark, digit="*")).reason.startswith("late")


def test_no_digit_is_kept_where_a_card_may_be_asked_for() -> None:
    staged = talking(CARDS)

    press(staged, "42")
    assert state(staged).agent_key == 0
    press(staged, "*")
    assert state(staged).agent_key == KEYS.index("*") + 1
    assert actions(press(staged, "2")) == ["speak", "record_start"]


def test_what_telnyx_refuses_does_not_end_the_conversation() -> None:
    staged = talking()
    press(staged, "*2")

    decision = staged.refuse("record_start refused: 90020", action="record_start")

    assert (staged.call.step, decision.commands) == ("sales", ())
    assert FLOW_ERROR in decision.incidents
    assert "90020" in decision.reason
    assert state(staged).connected


def test_an_announcement_that_cannot_be_made_does_not_end_it_either() -> None:
    staged = talking(TRANSFER.replace('"Your card, please."', '{ssml: "<speak>{outcome}</speak>"}'))
    staged.call = staged.call.remembering("outcome", "word " * 1_000)

    decision = press(staged, "#1")

    assert (staged.call.step, decision.commands) == ("sales", ())
    assert FLOW_ERROR in decision.incidents


@pytest.mark.parametrize(("flow", "by"), [(TRANSFER, "agent"), (TAKE, "caller"), (QUEUE, "caller")])
def test_nothing_is_due_while_they_talk_whatever_was_commanded(flow: str, by: str) -> None:
    staged = talking(flow)
    before = staged.call

    decision = watched(press(staged, "*2", by=by), happened("call.dtmf.received", 9), before, 1_000)

    assert decision.commands
    assert decision.call.watch is not None
    assert decision.call.watch.until == 0


def test_keys_are_not_for_the_conversation_before_it_begins() -> None:
    staged = StagedCall(TRANSFER)
    staged.pick_up()

    assert press(staged, "*2").commands == ()


def test_no_key_for_the_conversation_changes_nothing_without_during() -> None:
    staged = talking('\n    steps:\n      sales: {transfer: "+15550191"}\n')

    assert press(staged, "*2").call == staged.decisions[-2].call


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("7:", "2:", r"2 is a part of \*2"),
        ('"#1"', '"*"', r"\* is a part of \*2"),
        ('"#1"', '"12"', "should match"),
        ("{recording: pause}", "{}", "does nothing; write recording, announce or "),
        ("{recording: pause}", "{recording: pause, beep: true}", "beep is only for recording: start"),
        ("{recording: pause}", "{recording: pause, to: agent}", "to is only for announce; remove it"),
        ("{recording: pause}", "{recording: rewind}", "start"),
        ("{recording: pause}", "rewind", "rewind"),
    ],
)
def test_keys_that_cannot_be_meant_are_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(FlowInvalid, match=said):
        StagedCall(TRANSFER.replace(old, new))


def test_agents_press_keys_in_the_step_that_takes_the_caller() -> None:
    with pytest.raises(FlowInvalid, match="write by: caller"):
        StagedCall(QUEUE.replace(", by: caller", ""))


def test_the_state_is_stored_by_names() -> None:
    stored = {"agent_key": 11, "agent_millis": 5, "caller_key": 3, "caller_millis": 6, "since_millis": 4}

    assert TalkState.read(stored).stored() == stored
    assert TransferState.read(stored | {"far-1": 2}).whispers == {"far-1": 2}


def test_a_picture_says_what_the_keys_do() -> None:
    (step, *_) = loaded(TRANSFER).main.steps.values()

    assert details_of(step) == (
        "while they talk: *2 = “This call is recorded from now on.”, start recording, *3 = pause recording, "
        "*4 = resume recording, *5 = stop recording, by both, #1 = “Your card, please.” for the caller, "
        "7 = ♪ chime for the agent, by the caller"
    )


def test_a_change_of_a_key_is_one_sentence() -> None:
    old, new = (loaded(each).main for each in (TRANSFER, TRANSFER.replace("{recording: pause}", "{recording: stop}")))

    assert summary(old, new) == ["While they talk in “sales”, *3 now does: stop recording. Before: pause recording."]
    assert summary(new, loaded(TRANSFER.replace('"*3": {recording: pause}', "")).main) == [
        "While they talk in “sales”, *3 now does: nothing. Before: stop recording."
    ]


@pytest.mark.parametrize(
    ("policy", "key", "said"),
    [
        ("announce", "{recording: start}", "records at *2 without consent"),
        ("announce", '{recording: start, announce: "Recorded.", to: agent}', "records at *2 without consent"),
        ("announce", '{recording: start, announce: "Recorded."}', ""),
        ("ask", '{recording: start, announce: "Recorded."}', "records at *2 after an announcement only"),
    ],
)
def test_a_recording_on_demand_needs_the_consent_that_the_flow_demands(
    tmp_path: Path, policy: str, key: str, said: str
) -> None:
    flow = (
        f'flow: desk\nconsent_policy: {policy}\nsteps:\n  sales: {{transfer: "+15550191", during: {{"*2": {key}}}}}\n'
    )
    (tmp_path / "desk.yaml").write_text(flow)
    other = f"flow: other\nconsent_policy: {policy}\nsteps:\n  there: {{go: {{flow: desk}}}}\n"
    (tmp_path / "other.yaml").write_text(other)

    found = [each.reason for each in lint(tmp_path) if each.rule == "missing-consent"]

    assert [said in each for each in found] == [True, True] if said else not found


def test_what_a_key_may_have_started_is_recorded_when_a_card_is_asked_for(tmp_path: Path) -> None:
    flow = """
flow: desk
steps:
  sales: {transfer: "+15550191", after: how, during: {"*2": {recording: start}}}
  how: {say: "Your card, please."}
  card: {collect: "Key it in.", into: card, digits: 16, sensitive: true}
"""
    (tmp_path / "desk.yaml").write_text(flow)

    assert "digits-recorded-early" in [each.rule for each in lint(tmp_path)]

    (tmp_path / "desk.yaml").write_text(flow.replace("{recording: start}", '{announce: "Hello."}'))
    assert "digits-recorded-early" not in [each.rule for each in lint(tmp_path)]


@pytest.mark.parametrize(
    ("before", "during", "found"),
    [
        ("", '{"*3": {recording: stop}}', 1),
        ("", '{"*2": {recording: start}, "*3": {recording: stop}}', 0),
        ("", '{"*2": {recording: start}, "*4": {recording: resume}}', 1),
        ("note: {recording: start}\n  ", '{"*3": {recording: pause}, "*4": {recording: resume}}', 0),
        ("note: {recording: start}\n  still: {recording: pause}\n  ", '{"*4": {recording: resume}}', 0),
    ],
)
def test_a_key_without_anything_to_switch_is_found(tmp_path: Path, before: str, during: str, found: int) -> None:
    flow = f'flow: desk\nsteps:\n  {before}sales: {{transfer: "+15550191", during: {during}}}\n'
    (tmp_path / "desk.yaml").write_text(flow)

    assert [each.rule for each in lint(tmp_path)].count("key-without-effect") == found
