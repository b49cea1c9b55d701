"""A supervisor who is fetched into a conversation."""

from pathlib import Path

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import FLOW_ERROR, Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.in_call_keys import TalkState
from infra.flowkit.drawing.words import details_of
from infra.flowkit.lint import lint
from tests.staged_call import CONTROL, StagedCall, actions, happened, loaded

TRANSFER = """
    last_resort: sorry
    steps:
      sales:
        transfer: "+15550191"
        hold: {media: tune}
        after: sorry
        during: {"*9": supervisor, "*8": {supervisor: true, by: caller}, "*2": {recording: start}}
        supervisor: {to: "+15550177", role: whisper}
      sorry: {say: Sorry.}
"""
TAKE = """
    last_resort: sorry
    steps:
      take:
        take_from: support
        hold: {media: tune}
        during: {"*9": supervisor}
        supervisor: "+15550177"
      sorry: {say: Sorry.}
"""
AGENT, SUPERVISOR = "v3:agent", "v3:supervisor"


def talking(flow: str = TRANSFER) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    if flow is TRANSFER:
        staged.tell_of_dialled("call.answered", AGENT)
        staged.tell_of_dialled("call.bridged", AGENT)
    else:
        staged.tell("call.bridged")
    return staged


def press(staged: StagedCall, keys: str, who: str = AGENT, role: str = "") -> Decision:
    for key in keys:
        decision = (
            staged.tell("call.dtmf.received", digit=key)
            if who == CONTROL
            else staged.tell_of_dialled("call.dtmf.received", who, role, digit=key)
        )
    return decision


def fetched(flow: str = TRANSFER) -> StagedCall:
    staged = talking(flow)
    press(staged, "*9", AGENT if flow is TRANSFER else CONTROL)
    staged.tell_of_dialled("call.initiated", SUPERVISOR, "supervisor1")
    staged.tell_of_dialled("call.answered", SUPERVISOR, "supervisor1")
    return staged


def supervised(staged: StagedCall) -> bool:
    return TalkState.read(staged.call.waiting).supervised


@pytest.mark.parametrize(
    ("flow", "who", "keys", "agent", "role"),
    [
        (TRANSFER, AGENT, "*9", AGENT, "whisper"),
        (TRANSFER, CONTROL, "*8", AGENT, "whisper"),
        (TAKE, CONTROL, "*9", CONTROL, "monitor"),
    ],
)
def test_the_supervisor_is_rung_for_the_agents_leg(flow: str, who: str, keys: str, agent: str, role: str) -> None:
    staged = talking(flow)

    (dial,) = press(staged, keys, who).commands

    assert (dial.action, dial.parameters["to"], dial.parameters["from"]) == ("dial", "+15550177", "+15550100")
    assert (dial.parameters["supervise_call_control_id"], dial.parameters["supervisor_role"]) == (agent, role)
    assert dial.parameters["link_to"] == CONTROL
    assert ClientState.decode(str(dial.parameters["client_state"])).role == "supervisor1"


def test_a_supervisor_is_fetched_once_at_a_time_and_again_after_that() -> None:
    staged = fetched()

    assert press(staged, "*9").commands == ()
    staged.tell_of_dialled("call.hangup", SUPERVISOR, "supervisor1", hangup_cause="normal_clearing")
    (again,) = press(staged, "*9").commands

    assert ClientState.decode(str(again.parameters["client_state"])).role == "supervisor2"
    staged.tell_of_dialled("call.hangup", SUPERVISOR, "supervisor1", hangup_cause="normal_clearing")
    assert supervised(staged)


def test_one_who_cannot_be_rung_may_be_fetched_again() -> None:
    staged = talking()
    press(staged, "*9")

    decision = staged.refuse("dial refused: 403", action="dial")

    assert (staged.call.step, decision.commands, supervised(staged)) == ("sales", (), False)
    assert FLOW_ERROR in decision.incidents
    assert actions(press(staged, "*9")) == ["dial"]


def test_what_else_is_refused_leaves_the_supervisor_there() -> None:
    staged = fetched()
    press(staged, "*2")

    staged.refuse("record_start refused: 90020", action="record_start")

    assert supervised(staged)


def test_the_supervisors_own_keys_switch_the_role() -> None:
    staged = fetched()

    (switch,) = press(staged, "3", SUPERVISOR, "supervisor1").commands

    assert (switch.action, switch.call_control_id, switch.parameters) == (
        "switch_supervisor_role",
        SUPERVISOR,
        {"role": "barge"},
    )
    assert press(staged, "7", SUPERVISOR, "supervisor1").commands == ()
    assert press(staged, "*9", SUPERVISOR, "supervisor1").commands == ()


def test_a_supervisor_who_hangs_up_does_not_end_the_conversation() -> None:
    staged = fetched()

    decision = staged.tell_of_dialled("call.hangup", SUPERVISOR, "supervisor1", hangup_cause="normal_clearing")

    assert (decision.commands, staged.call.step, supervised(staged)) == ((), "sales", False)


def test_with_the_agent_the_supervisor_goes() -> None:
    staged = fetched()

    decision = staged.tell_of_dialled("call.hangup", AGENT, hangup_cause="normal_clearing", hangup_source="callee")

    assert staged.call.step == "sorry"
    assert [(each.action, each.call_control_id) for each in decision.commands] == [
        ("hangup", SUPERVISOR),
        ("speak", CONTROL),
    ]


@pytest.mark.parametrize("flow", [TRANSFER, TAKE])
def test_with_the_call_the_supervisor_goes(flow: str) -> None:
    staged = fetched(flow)
    staged.tell_of_dialled("call.bridged", SUPERVISOR, "supervisor1")

    decision = staged.hang_up()

    assert SUPERVISOR in [each.call_control_id for each in decision.commands if each.action == "hangup"]


def test_one_who_answers_too_late_is_hung_up_on() -> None:
    staged = talking()
    press(staged, "*9")
    turn = staged.call.turn
    staged.tell_of_dialled("call.hangup", AGENT, hangup_cause="normal_clearing", hangup_source="callee")

    staged.seconds += 1
    mark = ClientState(turn, "tested", staged.call.leg_id, dialled=True, role="supervisor1")
    late = {"call_control_id": SUPERVISOR, "call_leg_id": "leg of supervisor"}
    decision = staged.take(happened("call.answered", staged.seconds, mark, **late))

    assert [(each.action, each.call_control_id) for each in decision.commands] == [("hangup", SUPERVISOR)]
    assert staged.call.step == "sorry"


def test_one_of_an_earlier_time_who_still_rings_is_hung_up_on() -> None:
    staged = fetched()
    staged.tell_of_dialled("call.hangup", SUPERVISOR, "supervisor1", hangup_cause="normal_clearing")
    press(staged, "*9")

    decision = staged.tell_of_dialled("call.answered", "v3:ghost", "supervisor1")

    assert [(each.action, each.call_control_id) for each in decision.commands] == [("hangup", "v3:ghost")]
    assert supervised(staged)


@pytest.mark.parametrize(
    ("flow", "old", "new", "said"),
    [
        (TRANSFER, '"+15550177"', '"{caller}"', "should match"),
        (TRANSFER, '"+15550177"', '"+1555017{digits.extension}"', "should match"),
        (TRANSFER, "hold: {media: tune}", "ring_seconds: 30", "supervisor without hold"),
        (TRANSFER, 'supervisor: {to: "+15550177", role: whisper}', "ring_seconds: 30", "needs both"),
        (TRANSFER, '"*9": supervisor, "*8": {supervisor: true, by: caller}, ', "", "needs both"),
        (
            TRANSFER,
            "supervisor: true, by: caller",
            "supervisor: true, recording: stop",
            "excludes recording and announce",
        ),
        (TAKE, '"*9": supervisor', '"*9": supervizor', "supervizor"),
    ],
)
def test_what_cannot_be_meant_is_refused(flow: str, old: str, new: str, said: str) -> None:
    with pytest.raises(FlowInvalid, match=said):
        StagedCall(flow.replace(old, new))


def test_a_queue_has_no_supervisor_since_the_agent_is_another_calls() -> None:
    queue = """
    steps:
      line: {queue: support, hold: {media: tune}, during: {"*9": {supervisor: true, by: caller}}}
    """
    with pytest.raises(FlowInvalid, match="a supervisor belongs to the take_from by which"):
        StagedCall(queue)


def test_a_picture_says_who_is_fetched() -> None:
    (step, *_) = loaded(TRANSFER).main.steps.values()

    said = details_of(step)

    assert "*9 = supervisor, *8 = supervisor, by the caller" in said
    assert "supervisor to +15550177, role whisper" in said


def test_the_linter_knows_whom_it_rings(tmp_path: Path) -> None:
    flow = 'flow: desk\nsteps:\n  take: {take_from: a, empty: take, during: {"*9": supervisor}, supervisor: NUMBER}\n'
    (tmp_path / "numbers.yaml").write_text('"+15550100": desk\n')

    (tmp_path / "desk.yaml").write_text(flow.replace("NUMBER", '"+2105550100"'))
    assert "unroutable-number" in [each.rule for each in lint(tmp_path)]
    (tmp_path / "desk.yaml").write_text(flow.replace("NUMBER", '"+15550100"'))
    assert "rings-itself" in [each.rule for each in lint(tmp_path)]
