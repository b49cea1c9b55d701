"""Several people rung, in turn or at once; the whisper and the key before they are connected; what comes after."""

import json

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import Event, parse_event
from tests.staged_call import CALLER, CONTROL, LEG, SESSION, StagedCall, actions, loaded, mark_of, moment

HOLD = '{audio: "https://media.example/hold.mp3"}'
IN_TURN = """
    last_resort: sorry
    steps:
      team: {transfer: ["+15550191", "sip:desk@example.com"], ring_seconds: 10, busy: all-busy, no_answer: nobody}
      all-busy: {say: Busy.}
      nobody: {say: Nobody.}
      sorry: {say: Sorry.}
"""
AT_ONCE = f"""
    last_resort: sorry
    steps:
      team:
        transfer: {{to: ["+15550191", "+15550192"], how: at_once}}
        hold: {HOLD}
        busy: all-busy
        no_answer: nobody
      all-busy: {{say: Busy.}}
      nobody: {{say: Nobody.}}
      sorry: {{say: Sorry.}}
"""
SCREENED = f"""
    last_resort: sorry
    steps:
      agent:
        transfer: "+15550191"
        caller_id: "+15550100"
        hold: {HOLD}
        whisper: {{text: "A call for you. Press 1.", voice: female}}
        accept: 1
        accept_seconds: 7
        no_answer: nobody
        after: survey
      nobody: {{say: Nobody.}}
      survey: {{say: How was it.}}
      sorry: {{say: Sorry.}}
"""
WHISPERED = SCREENED.replace("        accept: 1\n        accept_seconds: 7\n", "")


def ringing(flow: str) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    return staged


def far(staged: StagedCall, event_type: str, leg: str = "a", **payload: object) -> Decision:
    """A second later, this happens to a leg that the call dialled."""
    dialled = [command for decision in staged.decisions for command in decision.commands if command.action == "dial"]
    return staged.take(_event_of(staged, event_type, leg, str(dialled[-1].parameters["client_state"]), payload))


def _event_of(staged: StagedCall, event_type: str, leg: str, mark: str, payload: dict[str, object]) -> Event:
    staged.seconds += 1
    known = {
        "call_control_id": f"v3:far-{leg}",
        "call_leg_id": f"far-{leg}",
        "call_session_id": SESSION,
        "client_state": mark,
    }
    data = {
        "event_type": event_type,
        "id": f"{event_type}-{leg}@{staged.seconds}",
        "occurred_at": moment(staged.seconds),
        "payload": known | payload,
    }
    return parse_event(json.dumps({"data": data}).encode())


# In turn


def test_the_next_is_rung_when_the_one_before_does_not_answer() -> None:
    staged = ringing(IN_TURN)

    decision = staged.tell_of_callee("call.hangup", hangup_cause="timeout")

    (second,) = decision.commands
    assert (second.action, second.parameters["to"], second.parameters["timeout_secs"]) == (
        "transfer",
        "sip:desk@example.com",
        10,
    )
    assert (staged.call.step, staged.call.turn) == ("team", 2)


@pytest.mark.parametrize(
    ("first", "second", "step"),
    [
        ("user_busy", "user_busy", "all-busy"),
        ("user_busy", "timeout", "nobody"),
        ("timeout", "user_busy", "nobody"),
        ("call_rejected", "call_rejected", "sorry"),
        ("call_rejected", "user_busy", "all-busy"),
    ],
)
def test_when_all_were_rung_in_vain_the_way_is_that_of_the_most_hopeful_cause(
    first: str, second: str, step: str
) -> None:
    staged = ringing(IN_TURN)

    staged.tell_of_callee("call.hangup", hangup_cause=first)
    staged.tell_of_callee("call.hangup", hangup_cause=second)

    assert staged.call.step == step


def test_a_number_that_telnyx_refuses_does_not_keep_the_next_from_being_rung() -> None:
    staged = ringing(IN_TURN)

    assert actions(staged.refuse("transfer refused: 90041")) == ["transfer"]
    assert actions(staged.refuse("transfer refused: 90041")) == ["speak"]
    assert staged.call.step == "sorry"


# At once


def test_all_are_dialled_at_once_while_the_caller_hears_music() -> None:
    decision = ringing(AT_ONCE).decisions[-1]

    assert actions(decision) == ["playback_start", "dial", "dial"]
    first = decision.commands[1].parameters
    assert (first["to"], first["link_to"], first["from"]) == ("+15550191", CONTROL, "+15550100")
    mark = ClientState.decode(str(first["client_state"]))
    assert (mark.turn, mark.dialled, mark.parent_leg) == (1, True, ringing(AT_ONCE).call.leg_id)


def test_the_first_who_answers_is_connected_and_the_others_are_let_go() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.initiated", "a")
    far(staged, "call.initiated", "b")

    decision = far(staged, "call.answered", "b")

    bridge, let_go = decision.commands
    assert (bridge.call_control_id, bridge.parameters["call_control_id"]) == (CONTROL, "v3:far-b")
    assert (let_go.action, let_go.call_control_id) == ("hangup", "v3:far-a")


@pytest.mark.parametrize("event_type", ["call.initiated", "call.answered"])
def test_one_of_whom_nothing_was_known_is_let_go_as_soon_as_it_is(event_type: str) -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.answered", "b")

    (let_go,) = far(staged, event_type, "a").commands

    assert (let_go.action, let_go.call_control_id) == ("hangup", "v3:far-a")
    assert staged.call.far_legs["far-b"].connected


def test_the_ends_of_those_let_go_lead_nowhere() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.answered", "b")
    far(staged, "call.initiated", "a")

    assert far(staged, "call.hangup", "a", hangup_cause="originator_cancel").commands == ()
    assert staged.call.step == "team"


def test_only_when_the_last_of_them_has_failed_the_flow_goes_on() -> None:
    staged = ringing(AT_ONCE)

    assert far(staged, "call.hangup", "a", hangup_cause="user_busy").commands == ()
    decision = far(staged, "call.hangup", "b", hangup_cause="user_busy")

    assert actions(decision) == ["playback_stop", "speak"]
    assert staged.call.step == "all-busy"


def test_a_caller_who_hangs_up_leaves_no_telephone_ringing() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.initiated", "a")

    assert [command.call_control_id for command in staged.hang_up().commands] == ["v3:far-a"]
    (late,) = far(staged, "call.initiated", "b").commands
    assert (late.action, late.call_control_id) == ("hangup", "v3:far-b")


def test_those_who_talk_are_not_hung_up_on_by_us() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.answered", "a")
    far(staged, "call.bridged", "a")

    assert staged.hang_up().commands == ()


def test_who_was_to_be_connected_is_hung_up_on_where_telnyx_has_not_reported_it() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.answered", "a")

    assert [command.call_control_id for command in staged.hang_up().commands] == ["v3:far-a"]


def test_a_refused_connection_lets_everybody_go_and_takes_the_error_path() -> None:
    staged = ringing(AT_ONCE)
    far(staged, "call.answered", "a")

    decision = staged.refuse("bridge ended: 90018")

    assert actions(decision) == ["playback_stop", "hangup", "speak"]
    assert staged.call.step == "sorry"


# Whisper and key


def test_who_answers_hears_the_whisper_on_their_own_leg_and_is_asked_for_the_key() -> None:
    staged = ringing(SCREENED)

    (whisper,) = far(staged, "call.answered").commands

    assert (whisper.action, whisper.call_control_id) == ("gather_using_speak", "v3:far-a")
    asked = whisper.parameters
    assert (asked["payload"], asked["voice"], asked["timeout_millis"]) == ("A call for you. Press 1.", "female", 7_000)
    assert mark_of(whisper) == ClientState(1, "tested", LEG, dialled=True), "the state that it was dialled with"


def test_the_key_connects_and_keeps_the_caller_for_what_comes_after() -> None:
    staged = ringing(SCREENED)
    far(staged, "call.answered")

    (bridge,) = far(staged, "call.gather.ended", status="valid", digits="1").commands

    assert (bridge.action, bridge.parameters["park_after_unbridge"]) == ("bridge", "self")


@pytest.mark.parametrize(("digits", "status"), [("5", "valid"), ("", "timeout"), ("", "cancelled")])
def test_without_the_key_the_call_is_not_theirs_and_the_flow_goes_the_way_of_no_answer(
    digits: str, status: str
) -> None:
    staged = ringing(SCREENED)
    far(staged, "call.answered")

    (let_go,) = far(staged, "call.gather.ended", status=status, digits=digits).commands
    far(staged, "call.hangup", hangup_cause="normal_clearing")

    assert (let_go.action, let_go.call_control_id) == ("hangup", "v3:far-a")
    assert staged.call.step == "nobody"


@pytest.mark.parametrize("ended", ["call.speak.ended", "call.playback.ended"])
@pytest.mark.parametrize("status", ["completed", "file_not_found", "failed"])
def test_a_whisper_without_a_key_is_followed_by_the_connection_though_it_could_not_be_played(
    ended: str, status: str
) -> None:
    staged = ringing(WHISPERED)
    assert actions(far(staged, "call.answered")) == ["speak"]

    assert actions(far(staged, ended, status=status)) == ["bridge"]


def test_who_hangs_up_during_the_whisper_has_not_taken_the_call() -> None:
    staged = ringing(WHISPERED)
    far(staged, "call.answered")

    assert far(staged, "call.speak.ended", status="call_hangup").commands == ()
    far(staged, "call.hangup", hangup_cause="normal_clearing")

    assert staged.call.step == "nobody"


# On hold


WAITING = f"""
    last_resort: sorry
    steps:
      agent:
        transfer: ["+15550191", "+15550192"]
        hold: {HOLD}
        announce: We will be with you soon.
        plays_between: 2
        keys: {{1: message}}
        no_answer: sorry
      message: {{say: Message.}}
      sorry: {{say: Sorry.}}
"""


def test_music_and_announcement_take_turns_until_somebody_answers() -> None:
    staged = ringing(WAITING)
    assert staged.decisions[-1].commands[0].parameters["loop"] == 2

    (announcement,) = staged.audio_ends().commands
    (music,) = staged.prompt_ends().commands
    assert (announcement.parameters["payload"], music.action) == ("We will be with you soon.", "playback_start")
    assert actions(far(staged, "call.answered")) == ["bridge"]
    assert staged.audio_ends().commands == ()
    assert staged.prompt_ends().commands == ()


PATIENT = """
    steps:
      agents:
        transfer: ["+15550191", "+15550192"]
        hold: {media: music}
        announce: "Minutes so far: {waited}."
        no_answer: still
        after: content
      still:
        say: "You have waited {waited}."
        next: bye
      content:
        say: "Thank you{waited}."
      bye: hangup
"""


def waiting_for(minutes: float, staged: StagedCall) -> StagedCall:
    staged.seconds += minutes * 60
    return staged


def test_an_announcement_tells_the_minutes_waited_through_all_who_are_rung() -> None:
    staged = ringing(PATIENT)

    (first,) = waiting_for(1.5, staged).audio_ends().commands
    far(staged, "call.hangup", hangup_cause="timeout")
    (second,) = waiting_for(2, staged).audio_ends().commands

    assert [each.parameters["payload"] for each in (first, second)] == ["Minutes so far: 1.", "Minutes so far: 3."]


def test_the_minutes_waited_are_known_once_nobody_was_reached() -> None:
    staged = ringing(PATIENT)

    far(staged, "call.hangup", hangup_cause="timeout")
    said = far(waiting_for(2.5, staged), "call.hangup", hangup_cause="timeout").commands[-1]

    assert said.parameters["payload"] == "You have waited 2."


def test_whoever_was_connected_waits_no_longer() -> None:
    staged = ringing(PATIENT)
    far(staged, "call.hangup", hangup_cause="timeout")
    far(staged, "call.answered")
    far(staged, "call.bridged")

    said = far(staged, "call.hangup", hangup_cause="normal_clearing").commands[-1]

    assert said.parameters["payload"] == "Thank you."


def test_music_that_cannot_be_played_is_not_tried_for_ever() -> None:
    assert ringing(WAITING).audio_ends("file_not_found").commands == ()


def test_a_key_ends_the_waiting_and_the_ringing() -> None:
    staged = ringing(WAITING)
    far(staged, "call.initiated")

    assert staged.tell("call.dtmf.received", digit="7").commands == ()
    decision = staged.tell("call.dtmf.received", digit="1")

    assert actions(decision) == ["playback_stop", "hangup", "speak"]
    assert staged.call.step == "message"


def test_the_key_counts_while_the_second_is_rung_too() -> None:
    staged = ringing(WAITING)
    decision = far(staged, "call.hangup", hangup_cause="timeout")
    assert actions(decision) == ["playback_stop", "playback_start", "dial"]

    staged.tell("call.dtmf.received", digit="1")

    assert staged.call.step == "message"


def test_who_is_connected_cannot_leave_by_a_key() -> None:
    staged = ringing(WAITING)
    far(staged, "call.answered")

    assert staged.tell("call.dtmf.received", digit="1").commands == ()


# After


def test_the_caller_comes_back_into_the_flow_when_the_other_side_hangs_up() -> None:
    staged = ringing(SCREENED)
    far(staged, "call.answered")
    far(staged, "call.gather.ended", status="valid", digits="1")
    assert actions(staged.tell("call.bridged")) == ["playback_stop"]

    decision = far(staged, "call.hangup", hangup_cause="normal_clearing")

    assert actions(decision) == ["speak"]
    assert staged.call.step == "survey"


def test_a_plain_transfer_asks_telnyx_to_keep_the_caller_and_goes_on_after_it() -> None:
    staged = ringing('steps:\n  agent: {transfer: "+15550191", after: survey}\n  survey: {say: How was it.}\n')
    assert staged.decisions[-1].commands[0].parameters["park_after_unbridge"] == "self"

    staged.tell("call.bridged")

    decision = staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing")

    assert actions(decision) == ["speak"]
    assert staged.call.step == "survey"


AFTER = """
    steps:
      agent: {transfer: "+15550191", after: survey, no_answer: nobody}
      survey: {say: How was it.}
      nobody: {say: Nobody.}
"""


def test_the_end_of_a_conversation_reported_before_its_beginning_leads_on_all_the_same() -> None:
    staged = ringing(AFTER)

    assert actions(staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing")) == ["gather"]

    assert actions(staged.tell("call.bridged")) == ["gather_stop", "speak"]
    assert staged.call.step == "survey"


def test_a_caller_whom_nobody_was_connected_with_is_not_taken_for_one_who_has_talked() -> None:
    staged = ringing(AFTER)
    staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing")

    staged.gather_ends("", status="timeout")

    assert staged.call.step == "nobody"


def test_a_caller_who_hung_up_in_the_conversation_is_not_led_on() -> None:
    staged = ringing(AFTER)
    staged.tell("call.bridged")

    far_end = staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing", hangup_source="caller")

    assert (actions(far_end), staged.call.step) == (["gather"], "agent")


def test_a_caller_who_seemed_to_have_hung_up_and_is_there_is_led_on() -> None:
    staged = ringing(AFTER)
    staged.tell("call.bridged")
    staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing", hangup_source="caller")

    staged.gather_ends("", status="timeout")

    assert staged.call.step == "survey"


def test_a_bridge_that_never_came_to_be_does_not_keep_the_caller_waiting() -> None:
    staged = ringing(SCREENED)
    far(staged, "call.answered")
    far(staged, "call.gather.ended", status="valid", digits="1")

    assert actions(far(staged, "call.hangup", hangup_cause="normal_clearing")) == ["gather"]
    staged.gather_ends("", status="timeout")

    assert staged.call.step == "nobody"


def test_a_connection_reported_late_does_not_count_for_the_transfer_after_it() -> None:
    staged = ringing('steps:\n  agent: {transfer: "+15550191", after: again}\n  again: {transfer: "+15550192"}\n')
    told_by = staged.mark
    staged.tell("call.bridged")
    staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing")

    staged.tell("call.bridged", told_by)

    assert staged.call.step == "again"
    assert staged.call.waiting == {}


# As it is written


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{transfer: "+15550191", accept: 1}', "accept needs a whisper"),
        ('{transfer: "+15550191", whisper: A call.}', "whisper without hold"),
        ('{transfer: {to: ["+15550191", "+15550192"], how: at_once}}', "how: at_once without hold"),
        ("{transfer: []}", "at least 1"),
        ("{transfer: [5550191]}", "transfer"),
        ('{transfer: "+15550191", hold: Please hold.}', "words cannot be held out without end"),
    ],
)
def test_what_would_leave_somebody_in_silence_is_not_a_flow(written: str, message: str) -> None:
    with pytest.raises(FlowInvalid, match=message):
        loaded(f"steps:\n  agent: {written}\n")


def test_at_once_with_one_number_is_a_plain_transfer() -> None:
    staged = ringing('steps:\n  agent: {transfer: {to: "+15550191", how: at_once}}\n')

    (ring,) = staged.decisions[-1].commands

    assert (ring.action, staged.call.from_number) == ("transfer", CALLER)
