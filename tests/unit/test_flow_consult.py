"""A caller who is parked, and one who waits while the agent asks somebody else."""

from collections.abc import Callable

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import FLOW_ERROR, Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.in_call_keys import Consultation, TalkState
from infra.flowkit.drawing.words import details_of, edge_label
from tests.staged_call import CONTROL, LEG, StagedCall, loaded

FLOW = """
    last_resort: sorry
    steps:
      sales:
        transfer: "+15550191"
        hold: {media: tune}
        during: {"*5": park, "*7": consult, "*9": supervisor, "*2": {recording: start}}
        park: lot
        consult: "+15550192"
        supervisor: "+15550177"
      lot: {say: Please wait.}
      sorry: {say: Sorry.}
"""
AFTER = FLOW.replace("park: lot\n", "park: lot\n        after: lot\n")
AGENT, OTHER, BOSS = "v3:agent", "v3:other", "v3:boss"


def talking(flow: str = FLOW) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    staged.tell_of_dialled("call.answered", AGENT)
    staged.tell_of_dialled("call.bridged", AGENT)
    return staged


def press(staged: StagedCall, keys: str, who: str = AGENT, role: str = "") -> Decision:
    for key in keys:
        decision = staged.tell_of_dialled("call.dtmf.received", who, role, digit=key)
    return decision


def ringing(flow: str = FLOW) -> StagedCall:
    staged = talking(flow)
    press(staged, "*7")
    staged.tell_of_dialled("call.initiated", OTHER, "consult1")
    return staged


def asking(flow: str = FLOW) -> StagedCall:
    staged = ringing(flow)
    staged.tell_of_dialled("call.answered", OTHER, "consult1")
    staged.tell_of_dialled("call.bridged", OTHER, "consult1")
    staged.tell_of_dialled("call.bridged", AGENT)
    return staged


def joined(flow: str = FLOW) -> StagedCall:
    staged = asking(flow)
    press(staged, "1")
    staged.tell_of_dialled("call.hangup", AGENT, hangup_cause="normal_clearing")
    staged.tell("call.bridged")
    return staged


def ends(staged: StagedCall, who: str, role: str = "", cause: str = "normal_clearing") -> Decision:
    return staged.tell_of_dialled("call.hangup", who, role, hangup_cause=cause, hangup_source="callee")


def said(decision: Decision) -> list[tuple[str, str, object]]:
    """What is commanded: the action, on whose leg, and with whom it is bridged."""
    return [
        (each.action, each.call_control_id, each.parameters.get("call_control_id", "")) for each in decision.commands
    ]


def phase(staged: StagedCall) -> Consultation:
    return TalkState.read(staged.call.waiting).consultation


SILENCE = ("playback_stop", CONTROL, "")
WITH_OTHER, WITH_AGENT = ("bridge", CONTROL, OTHER), ("bridge", CONTROL, AGENT)


def test_a_parked_caller_goes_to_the_step_and_the_agents_call_ends() -> None:
    staged = talking()

    decision = press(staged, "*5")

    assert said(decision) == [("hangup", AGENT, ""), ("speak", CONTROL, "")]
    assert (staged.call.step, decision.edges) == ("lot", "park")
    assert ends(staged, AGENT).commands == ()


def test_the_callers_leg_is_kept_for_what_may_follow() -> None:
    staged = StagedCall(FLOW)
    staged.pick_up()

    bridge = staged.tell_of_dialled("call.answered", AGENT).commands[0]

    assert bridge.parameters["park_after_unbridge"] == "self"


def test_a_kept_caller_is_hung_up_on_when_the_agent_hangs_up() -> None:
    staged = talking()

    assert said(ends(staged, AGENT)) == [("hangup", CONTROL, "")]


def test_whom_the_agent_asks_is_rung_and_kept() -> None:
    staged = talking()

    (dial,) = press(staged, "*7").commands

    assert (dial.action, dial.parameters["to"], dial.parameters["park_after_unbridge"]) == ("dial", "+15550192", "self")
    assert (dial.parameters["link_to"], dial.parameters["from"]) == (CONTROL, "+15550100")
    assert phase(staged) is Consultation.RINGING


def test_when_they_answer_the_agent_talks_with_them_and_the_caller_hears_music() -> None:
    staged = ringing()

    decision = staged.tell_of_dialled("call.answered", OTHER, "consult1")

    assert said(decision) == [("bridge", AGENT, OTHER), ("playback_start", CONTROL, "")]
    assert decision.commands[0].parameters["park_after_unbridge"] == "self"
    assert decision.commands[1].parameters["loop"] == "infinity"
    assert phase(staged) is Consultation.TALKING


def test_a_key_joins_the_caller_with_them_and_ends_the_agents_call() -> None:
    staged = asking()

    decision = press(staged, "1")

    assert said(decision) == [SILENCE, WITH_OTHER, ("hangup", AGENT, "")]
    assert phase(staged) is Consultation.JOINED


def test_an_agent_who_hangs_up_has_handed_the_call_on() -> None:
    staged = asking()

    assert said(ends(staged, AGENT)) == [SILENCE, WITH_OTHER]
    assert phase(staged) is Consultation.JOINED


def test_a_key_goes_back_to_the_caller() -> None:
    staged = asking()

    decision = press(staged, "2")

    assert said(decision) == [SILENCE, WITH_AGENT, ("hangup", OTHER, "")]
    assert phase(staged) is Consultation.BACK
    assert ends(staged, OTHER, "consult1").commands == ()
    assert said(press(staged, "*7"))[0][0] == "dial"


def test_if_they_hang_up_the_agent_is_back_with_the_caller() -> None:
    staged = asking()

    assert said(ends(staged, OTHER, "consult1")) == [SILENCE, WITH_AGENT]
    assert phase(staged) is Consultation.BACK


@pytest.mark.parametrize("cause", ["user_busy", "timeout", "call_rejected"])
def test_if_they_are_not_reached_the_conversation_goes_on(cause: str) -> None:
    staged = ringing()

    decision = ends(staged, OTHER, "consult1", cause)

    assert (decision.commands, staged.call.step, phase(staged)) == ((), "sales", Consultation.NONE)
    assert said(press(staged, "*7"))[0][0] == "dial"


def test_the_same_key_leaves_off_while_they_ring() -> None:
    staged = ringing()

    assert said(press(staged, "*7")) == [("hangup", OTHER, "")]
    assert said(staged.tell_of_dialled("call.answered", OTHER, "consult1")) == [("hangup", OTHER, "")]
    assert phase(staged) is Consultation.NONE


def test_an_end_of_the_first_is_not_the_end_of_the_second() -> None:
    staged = ringing()
    press(staged, "*7")
    press(staged, "*7")

    ends(staged, OTHER, "consult1", "originator_cancel")

    assert phase(staged) is Consultation.RINGING


def test_a_key_pressed_twice_joins_once() -> None:
    staged = asking()
    press(staged, "1")

    assert press(staged, "1").commands == ()
    assert phase(staged) is Consultation.JOINED


def test_what_others_press_while_the_agent_asks_does_nothing() -> None:
    staged = asking()

    assert staged.tell("call.dtmf.received", digit="1").commands == ()
    assert press(staged, "1", OTHER, "consult1").commands == ()
    assert press(staged, "3").commands == ()
    assert phase(staged) is Consultation.TALKING


def test_once_joined_their_end_ends_the_call_or_leads_on() -> None:
    assert said(ends(joined(), OTHER, "consult1")) == [("hangup", CONTROL, "")]

    staged = joined(AFTER)
    ends(staged, OTHER, "consult1")
    assert staged.call.step == "lot"


def test_once_joined_they_are_the_agent() -> None:
    staged = joined()

    assert said(press(staged, "*2", OTHER, "consult1")) == [("record_start", CONTROL, "")]
    assert press(staged, "*7", OTHER, "consult1").commands == ()
    assert press(staged, "*9", OTHER, "consult1").commands == ()
    assert said(press(staged, "*5", OTHER, "consult1")) == [("hangup", OTHER, ""), ("speak", CONTROL, "")]


@pytest.mark.parametrize("stage", [ringing, asking, joined])
def test_a_caller_who_hangs_up_leaves_nobody_behind(stage: object) -> None:
    staged: StagedCall = stage()  # type: ignore[operator] # one of the above

    ended = {each.call_control_id for each in staged.hang_up().commands if each.action == "hangup"}

    assert ended == ({OTHER} if stage is joined else {AGENT, OTHER})


def test_a_caller_who_hangs_up_after_that_leaves_no_agent_behind() -> None:
    """Who was kept while asking may be kept by Telnyx again."""
    staged = asking()
    press(staged, "2")
    ends(staged, OTHER, "consult1")
    staged.tell_of_dialled("call.bridged", AGENT)

    assert said(staged.hang_up()) == [("hangup", AGENT, "")]


def test_an_agent_who_hangs_up_while_they_ring_ends_the_conversation() -> None:
    staged = ringing()

    assert said(ends(staged, AGENT)) == [("hangup", CONTROL, ""), ("hangup", OTHER, "")]


def test_whoever_is_gone_when_the_agent_is_to_ask_leaves_the_conversation_as_it_was() -> None:
    staged = ringing()
    staged.tell_of_dialled("call.answered", OTHER, "consult1")

    decision = staged.refuse("bridge ended: 90018", action="bridge")

    assert (said(decision), phase(staged)) == ([("hangup", OTHER, "")], Consultation.NONE)


def test_if_they_are_gone_when_they_are_to_be_joined_the_agent_comes_back() -> None:
    staged = asking()
    press(staged, "1")

    assert said(staged.refuse("bridge ended: 90018", action="bridge")) == [SILENCE, WITH_AGENT, ("hangup", OTHER, "")]
    assert said(staged.refuse("bridge ended: 90018", action="bridge"))[0] == ("hangup", CONTROL, "")


def test_if_the_agent_has_gone_too_the_caller_is_led_on() -> None:
    staged = asking(AFTER)
    ends(staged, AGENT)

    decision = staged.refuse("bridge ended: 90018", action="bridge")

    assert staged.call.step == "lot"
    assert ("hangup", OTHER, "") in said(decision)


def test_somebody_who_cannot_be_rung_leaves_the_conversation_as_it_was() -> None:
    staged = talking()
    press(staged, "*7")

    decision = staged.refuse("dial refused: 403", action="dial")

    assert (decision.commands, staged.call.step, phase(staged)) == ((), "sales", Consultation.NONE)
    assert FLOW_ERROR in decision.incidents


def test_nobody_is_consulted_while_a_supervisor_is_there_nor_the_other_way_round() -> None:
    staged = talking()
    press(staged, "*9")
    assert press(staged, "*7").commands == ()

    staged = ringing()
    assert press(staged, "*9").commands == ()


def test_a_supervisor_who_has_left_is_not_taken_for_the_agent() -> None:
    staged = talking()
    press(staged, "*9")
    staged.tell_of_dialled("call.initiated", BOSS, "supervisor1")
    ends(staged, BOSS, "supervisor1")
    press(staged, "*7")
    staged.tell_of_dialled("call.answered", OTHER, "consult1")

    assert ends(staged, BOSS, "supervisor1").commands == ()
    assert phase(staged) is Consultation.TALKING


def test_a_state_of_a_later_version_is_no_consultation() -> None:
    assert TalkState.read({"consultation": 9}).consultation is Consultation.NONE
    assert TalkState(consultation=Consultation.JOINED).stored() == {"consultation": 3}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("park: lot", "park: attic", "attic"),
        ('"*5": park, ', "", "needs both"),
        ("        park: lot\n", "", "needs both"),
        ('consult: "+15550192"', 'consult: "{caller}"', "should match"),
        ('consult: "+15550192"', 'consult: {to: "+15550192", join: 2}', "two keys"),
        ('"*5": park', '"*5": {park: true, consult: true}', "several things"),
    ],
)
def test_what_cannot_be_meant_is_refused(old: str, new: str, problem: str) -> None:
    with pytest.raises(FlowInvalid, match=problem):
        StagedCall(FLOW.replace(old, new))


def test_a_picture_says_where_callers_are_parked_and_who_is_asked() -> None:
    (step, *_) = loaded(FLOW).main.steps.values()

    assert edge_label(step, "park") == "parked"
    assert "*5 = park, *7 = consult" in details_of(step)
    assert "consult +15550192" in details_of(step)


THREE = FLOW.replace('consult: "+15550192"', 'consult: {to: "+15550192", three_way: 3}')
ROOM = f"three-way-{LEG}-1"


def together(flow: str = THREE) -> StagedCall:
    staged = asking(flow)
    press(staged, "3")
    return staged


def test_a_key_lets_all_three_into_a_conference_the_caller_first() -> None:
    staged = asking(THREE)

    decision = press(staged, "3")

    created, *joined = decision.commands[1:]
    assert said(decision)[0] == SILENCE
    assert (created.action, created.call_control_id, created.parameters["name"]) == ("conference_create", CONTROL, ROOM)
    assert [(each.action, each.call_control_id, each.parameters["conference"]) for each in joined] == [
        ("conference_join", AGENT, ROOM),
        ("conference_join", OTHER, ROOM),
    ]
    states = [ClientState.decode(str(each.parameters["client_state"])) for each in (created, *joined)]
    assert [(each.room_of, each.parent_leg, each.role) for each in states] == [
        (staged.call.leg_id, "", ""),
        ("", staged.call.leg_id, ""),
        ("", staged.call.leg_id, "consult1"),
    ]
    assert phase(staged) is Consultation.TOGETHER


@pytest.mark.parametrize(
    ("does", "hung_up", "now"),
    [
        (lambda staged: press(staged, "1"), [AGENT], Consultation.JOINED),
        (lambda staged: press(staged, "2"), [OTHER], Consultation.BACK),
        (lambda staged: ends(staged, AGENT), [], Consultation.JOINED),
        (lambda staged: ends(staged, OTHER, "consult1"), [], Consultation.BACK),
        (lambda staged: press(staged, "3"), [], Consultation.TOGETHER),
        (lambda staged: press(staged, "*5"), [], Consultation.TOGETHER),
        (lambda staged: press(staged, "1", OTHER, "consult1"), [], Consultation.TOGETHER),
    ],
)
def test_whoever_leaves_the_two_others_talk_on(
    does: Callable[[StagedCall], Decision], hung_up: list[str], now: Consultation
) -> None:
    staged = together()

    decision = does(staged)

    assert said(decision) == [("hangup", each, "") for each in hung_up]
    assert (phase(staged), staged.call.step) == (now, "sales")


def test_two_who_have_talked_in_a_conference_have_their_keys_but_for_what_needs_a_bridge() -> None:
    staged = together()
    ends(staged, OTHER, "consult1")

    assert said(press(staged, "*2")) == [("record_start", CONTROL, "")]
    assert (press(staged, "*7").commands, press(staged, "*9").commands) == ((), ())
    parked = press(staged, "*5")

    assert said(parked) == [("conference_leave", CONTROL, ""), ("hangup", AGENT, ""), ("speak", CONTROL, "")]
    assert staged.call.step == "lot"


@pytest.mark.parametrize("order", [(AGENT, OTHER), (OTHER, AGENT)])
def test_once_both_have_left_the_call_ends_or_goes_on_outside_the_conference(order: tuple[str, str]) -> None:
    for flow, last in ((THREE, ["hangup"]), (THREE.replace("park: lot\n", "park: lot\n        after: lot\n"), [])):
        staged = together(flow)
        decisions = [ends(staged, who, "consult1" if who == OTHER else "") for who in order]

        assert decisions[0].commands == ()
        assert [each.action for each in decisions[1].commands] == (last or ["conference_leave", "speak"])


def test_without_a_conference_two_are_bridged_again_and_who_cannot_come_into_one_is_let_go() -> None:
    staged = together()
    refused = staged.refuse("conference_create refused", action="conference_create")
    assert said(refused) == [SILENCE, WITH_AGENT, ("hangup", OTHER, "")]
    late = staged.refuse("conference_join refused", action="conference_join", of_leg=AGENT)
    assert (late.commands, phase(staged)) == ((), Consultation.BACK)

    staged = together()
    refused = staged.refuse("conference_join refused", action="conference_join", of_leg=OTHER)
    assert said(refused) == [("hangup", OTHER, "")]


def test_a_caller_who_hangs_up_leaves_nobody_in_the_conference() -> None:
    ended = {each.call_control_id for each in together().hang_up().commands if each.action == "hangup"}

    assert ended == {AGENT, OTHER}


def test_a_key_for_all_three_is_another_than_those_that_end_the_consultation() -> None:
    with pytest.raises(FlowInvalid, match="2 cannot be three_way, too"):
        loaded(THREE.replace("three_way: 3", "three_way: 2"))


@pytest.mark.parametrize("step", ["queue: line, by: caller", "take_from: line"])
def test_a_queue_in_which_nobody_can_be_parked_says_what_can_be_done(step: str) -> None:
    key, _, by = step.partition(", ")
    does = f"{{park: true, {by}}}" if by else "park"

    with pytest.raises(FlowInvalid, match="transfer with hold"):
        loaded(f"""
    steps:
      line: {{{key}, hold: {{media: tune}}, during: {{"*5": {does}}}}}
    """)
