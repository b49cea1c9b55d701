"""What is asked for from outside, by the control API, and the flow that knows of it."""

from typing import Any

import pytest

from dialtone.domain.client_state import ClientState
from dialtone.domain.decisions import Decision
from dialtone.domain.events import CONTROL_ACTION, Event
from dialtone.domain.own_events import refusal_id
from dialtone.domain.started_by_api import StartedByApi
from dialtone.domain.watchdog_schedule import watched
from dialtone.flow.loaded_flow import LoadedFlow
from tests.staged_call import LEG, SESSION, StagedCall, actions, callee_mark_of, loaded, mark_of, moment
from webhook.router import route

MENU = """
start: ask
steps:
  ask: {menu: "Press one.", keys: {1: bye}}
  bye: {say: "Goodbye."}
"""
TWO = """
start: first
steps:
  first: {say: [One., Two.]}
  second: {say: Three.}
  third: {say: Four.}
"""
CARD = """
record: {format: mp3}
start: hello
steps:
  hello: {say: Hello.}
  card: {collect: "Your card.", digits: 16, into: card, sensitive: true}
  bye: {say: "Goodbye."}
"""
SPEECH = {"payload": "You are next.", "voice": "female"}
TO = "+15550161"


def ask(staged: StagedCall, action: str, parameters: dict[str, Any] | None = None, **more: object) -> Decision:
    """A second later, somebody asks for this."""
    staged.seconds += 1
    payload = {"call_session_id": SESSION, "call_leg_id": LEG, "action": action, "parameters": parameters or {}, **more}
    return staged.take(Event(f"asked@{staged.seconds}", CONTROL_ACTION, moment(staged.seconds), payload))


def refuse(staged: StagedCall, action: str) -> Decision:
    """Telnyx refuses what was asked for last."""
    asked = f"asked@{staged.seconds}"
    payload = {
        "call_session_id": SESSION,
        "call_leg_id": LEG,
        "call_ended": False,
        "action": action,
        "recording_names": [],
        "recording_turns": [],
        "reason": f"{action} refused: 90012",
        "from_outside": True,
    }
    mark = ClientState(turn=staged.call.turn)
    return staged.take(Event(refusal_id(asked, 0), "dialtone.command.refused", moment(staged.seconds), payload, mark))


def picked_up(flow: str) -> StagedCall:
    staged = StagedCall(flow)
    staged.pick_up()
    return staged


def test_an_announcement_over_a_menu_does_not_confuse_it() -> None:
    staged = picked_up(MENU)
    before = staged.call.waiting

    said = ask(staged, "speak", SPEECH)
    unanswered = staged.gather_ends("", "timeout")
    ended = staged.prompt_ends()

    assert actions(said) == ["speak"]
    assert actions(unanswered) == ["gather_using_speak"], "the caller listened to something else"
    assert staged.call.waiting == before, "no try is counted"
    assert (actions(ended), staged.call.outside, staged.call.step) == ([], None, "ask")
    assert staged.gather_ends("1").call.step == "bye"


def test_an_announcement_that_cannot_be_played_does_not_fail_the_menu() -> None:
    staged = picked_up(MENU)

    ask(staged, "playback_start", {"media_name": "gone"})
    decision = staged.tell("call.playback.ended", status="file_not_found", media_name="gone")

    assert (actions(decision), decision.incidents, staged.call.step) == ([], (), "ask")
    assert "file_not_found gone" in decision.reason


def test_the_end_of_an_announcement_is_not_that_of_the_flows_own_prompt() -> None:
    staged = picked_up(TWO)

    ask(staged, "speak", SPEECH)
    steps = []
    for _ in range(5):
        staged.prompt_ends()
        steps.append(staged.call.step)

    assert steps == ["first", "second", "second", "third", ""], "it is heard after One and Two, before Three"


def test_what_is_stopped_from_outside_is_not_waited_for() -> None:
    staged = picked_up(TWO)

    ask(staged, "playback_stop")
    assert staged.prompt_ends().call.step == "second", "Telnyx reports the end of what was heard alone"


def test_the_flow_goes_on_if_all_its_prompts_were_stopped_before_they_were_heard() -> None:
    staged = picked_up(TWO)
    ask(staged, "speak", SPEECH)
    staged.prompt_ends()
    staged.prompt_ends()

    decision = ask(staged, "playback_stop")
    stopped = staged.prompt_ends()

    assert (actions(decision), decision.call.step) == (["playback_stop", "speak"], "third")
    assert stopped.call.step == "third"
    assert staged.prompt_ends().call.step == ""


def test_an_end_that_was_never_reported_costs_the_flow_none() -> None:
    staged = picked_up(TWO)
    ask(staged, "speak", {**SPEECH, "stop": "all"})
    staged.seconds += 1_000

    staged.prompt_ends()

    assert staged.call.step == "second"


@pytest.mark.parametrize("action", ["speak", "playback_start", "gather_using_speak"])
def test_what_telnyx_refuses_is_nothing_to_the_flow(action: str) -> None:
    staged = picked_up("start: a\nsteps:\n  a: {say: One.}\n  b: {say: Two.}")
    ask(staged, action, SPEECH if action != "playback_start" else {"media_name": "gone"})

    decision = refuse(staged, action)

    assert (actions(decision), decision.incidents, staged.call.step, staged.call.outside) == ([], (), "a", None)
    assert staged.prompt_ends().call.step == "b"


def test_keys_are_not_asked_for_by_two_at_once() -> None:
    staged = picked_up(MENU)
    asked = {**SPEECH, "payload": "Press five."}
    assert ask(staged, "gather_using_speak", asked).reason == "not possible: flow_asks"

    staged.gather_ends("1")
    assert actions(ask(staged, "gather_using_speak", asked)) == ["gather_using_speak"]
    assert ask(staged, "gather_using_speak", asked).reason == "not possible: others_ask"
    assert staged.gather_ends("5").call.step == "bye"
    assert staged.call.outside is None


def test_a_gather_from_outside_that_the_flow_cancels_is_no_answer_to_its_menu() -> None:
    staged = picked_up("start: a\nsteps:\n  a: {say: One.}\n" + MENU.partition("steps:\n")[2].replace("ask", "b"))
    ask(staged, "gather_using_speak", SPEECH)
    staged.prompt_ends()

    decision = staged.gather_ends("", "cancelled")

    assert (staged.call.step, actions(decision)) == ("b", [])


def test_a_recording_paused_from_outside_stays_so_until_it_is_resumed_from_there() -> None:
    staged = picked_up(CARD)

    assert actions(ask(staged, "record_pause")) == ["record_pause"]
    assert ask(staged, "record_pause").reason == "not possible: paused"
    entered = staged.prompt_ends()
    assert "record_pause" not in actions(entered), "the flow's own pause is in force already"
    assert ask(staged, "record_resume").reason == "not possible: flow_pauses", "a card number is keyed in"
    left = staged.gather_ends("4" * 16)

    assert staged.call.step == "bye"
    assert "record_resume" not in actions(left)
    assert staged.call.recorder == "paused"
    assert [(pause.why, pause.ended) for pause in staged.call.recordings[0].pauses or ()] == [("outside", "")]
    assert actions(ask(staged, "record_resume")) == ["record_resume"]
    assert (staged.call.recorder, staged.call.outside) == ("on", None)


def test_what_the_flow_pauses_and_resumes_meanwhile_is_its_own_affair() -> None:
    staged = picked_up(
        "record: {format: mp3}\nstart: a\nsteps:\n  a: {say: One.}\n  b: {recording: pause}\n  c: {say: Two.}\n"
        "  d: {recording: resume}\n  e: {say: Three.}"
    )
    ask(staged, "record_pause")
    assert actions(staged.prompt_ends()) == ["speak"], "it is paused already"
    assert ask(staged, "record_resume").reason == "not possible: flow_pauses"
    assert actions(staged.prompt_ends()) == ["speak"], "it stays so"
    assert actions(ask(staged, "record_resume")) == ["record_resume"]


def test_a_pause_of_the_flows_own_is_not_ended_from_outside() -> None:
    staged = picked_up(CARD)
    staged.prompt_ends()

    assert ask(staged, "record_resume").reason == "not possible: flow_pauses"
    assert "record_resume" in actions(staged.gather_ends("4" * 16))


def test_a_recording_that_begins_meanwhile_is_paused_too() -> None:
    staged = picked_up(
        "record: {format: mp3}\nstart: a\nsteps:\n  a: {say: One.}\n  b: {recording: start}\n  c: {say: Two.}"
    )
    ask(staged, "record_pause")

    decision = staged.prompt_ends()

    assert actions(decision)[:2] == ["record_start", "record_pause"]


def test_a_refused_pause_holds_nothing() -> None:
    staged = picked_up(CARD)
    ask(staged, "record_pause")

    refuse(staged, "record_pause")

    assert (staged.call.recorder, staged.call.outside) == ("on", None)
    assert staged.call.recordings[0].pauses == ()


def test_a_recording_started_from_outside_is_no_steps() -> None:
    staged = picked_up(TWO)

    (recording,) = ask(staged, "record_start", {"format": "wav", "channels": "dual"}).recordings

    assert (recording.turn, recording.number, staged.call.recorder) == (-1, 1, "on")
    assert staged.call.recordings == (recording,)


def test_a_transfer_puts_the_flow_aside_and_one_that_fails_brings_it_back() -> None:
    staged = picked_up(MENU)

    moved = ask(staged, "transfer", {"to": TO})
    assert actions(moved) == ["gather_stop", "transfer"]
    assert callee_mark_of(moved.commands[-1]).turn == mark_of(moved.commands[-1]).turn == 2
    assert actions(staged.gather_ends("", "cancelled")) == []
    assert ask(staged, "transfer", {"to": TO}).reason == "not possible: connecting", "one wins, the other is told"

    back = staged.tell_of_callee("call.hangup", hangup_cause="user_busy", hangup_source="callee")
    assert (actions(back), back.call.step, back.call.outside) == (["gather_using_speak"], "ask", None)


def test_after_a_conversation_the_flow_goes_on_only_if_the_call_was_to_be_parked() -> None:
    for parameters, steps in (({"to": TO}, ""), ({"to": TO, "park_after_unbridge": "self"}, "ask")):
        staged = picked_up(MENU)
        ask(staged, "transfer", parameters)
        staged.tell_of_callee("call.bridged")

        staged.tell_of_callee("call.hangup", hangup_cause="normal_clearing", hangup_source="callee")

        assert staged.call.step == steps


def test_a_refused_bridge_brings_the_flow_back() -> None:
    staged = picked_up(MENU)
    ask(staged, "bridge", {"call_control_id": "v3:other"})

    decision = refuse(staged, "bridge")

    assert (actions(decision), staged.call.step) == (["gather_using_speak"], "ask")


def test_a_transfer_of_which_nothing_is_reported_brings_the_flow_back() -> None:
    staged = picked_up(MENU)
    ask(staged, "transfer", {"to": TO})
    payload = {"call_session_id": SESSION, "call_leg_id": LEG, "version": staged.call.version, "seconds": 90}

    decision = staged.take(Event("overdue", "dialtone.event.overdue", moment(200), payload))

    assert (actions(decision), decision.incidents, staged.call.step) == (["gather_using_speak"], (), "ask")


def test_a_call_is_put_into_a_step() -> None:
    staged = picked_up(MENU)

    decision = ask(staged, "flow", {"step": "bye"})

    assert (actions(decision), staged.call.step) == (["gather_stop", "speak"], "bye")
    assert ask(staged, "flow", {"step": "nowhere"}).reason == "not possible: no_step"


def test_a_call_is_put_into_another_flow_with_variables() -> None:
    staged = picked_up(MENU)
    other = loaded("given: {name: who}\nstart: hello\nsteps:\n  hello: {say: 'Hello, {name}.'}")
    other = LoadedFlow(other.main._replace(name="other"))

    staged.loaded = other
    assert ask(staged, "flow", {}, to_flow="other").reason == "not possible: not_given"
    decision = ask(staged, "flow", {"variables": {"name": "Ada"}}, to_flow="other")

    assert actions(decision) == ["gather_stop", "leave_queue", "playback_stop", "speak"]
    assert decision.commands[-1].parameters["payload"] == "Hello, Ada."
    assert (staged.call.flow, staged.call.step, staged.call.back) == ("other", "hello", ())


def test_a_flow_takes_nobody_out_of_a_conversation() -> None:
    staged = picked_up(MENU)
    ask(staged, "transfer", {"to": TO})
    staged.tell_of_callee("call.bridged")

    assert ask(staged, "flow", {"step": "bye"}).reason == "not possible: talking"


def test_nothing_is_done_on_a_call_that_is_over_or_has_no_flow() -> None:
    staged = picked_up(MENU)
    asked = Event(
        "asked", CONTROL_ACTION, moment(9), {"call_session_id": SESSION, "action": "hangup", "parameters": {}}
    )
    assert route(staged.call, asked, None).reason == "not possible: no_flow"

    staged.hang_up()

    decision = ask(staged, "hangup")
    assert (actions(decision), decision.reason) == ([], "not possible: call_ended")


def test_the_flow_is_not_overdue_before_what_it_waits_for_can_have_come() -> None:
    staged = picked_up(MENU)
    waiting = watched(staged.decisions[-1], Event("e", "call.answered", moment(2), {}), staged.call, 100.0)
    assert waiting.call.watch

    before = staged.call._replace(watch=waiting.call.watch)
    staged.call = before
    asked = ask(staged, "speak", SPEECH)
    later = watched(asked, Event("asked", CONTROL_ACTION, moment(3), {}), before, 101.0).call.watch

    assert later
    assert later.until > waiting.call.watch.until


def test_what_goes_on_is_read_as_it_was_stored() -> None:
    outside = StartedByApi(prompts=(1, 2), gathers=1, until=moment(9), paused=True, aside="ask", aside_turn=3)

    assert StartedByApi.from_json({**outside.to_json(), "of a later version": 1}) == outside
    assert StartedByApi(until=moment(9)).or_none is None


def test_no_more_is_queued_than_a_caller_would_hear() -> None:
    staged = picked_up(MENU)
    for _ in range(8):
        assert actions(ask(staged, "speak", SPEECH)) == ["speak"]

    assert ask(staged, "speak", SPEECH).reason == "not possible: too_many"
