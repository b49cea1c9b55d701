"""Hanging up, rejecting, noting an outcome, switching the recording: steps that wait for nothing."""

import pytest

from tests.staged_call import StagedCall, actions, mark_of


@pytest.mark.parametrize("written", ["hangup", "{hangup: true}", "{hangup: }"])
def test_a_flow_may_end_the_call(written: str) -> None:
    staged = StagedCall(f"steps:\n  bye: {written}\n")

    decision = staged.pick_up()

    assert actions(decision) == ["hangup"]
    assert dict(decision.commands[0].parameters) == {}, (
        "the mark of a command that ends would be taken for a new turn's"
    )


def test_after_the_last_step_the_call_is_ended() -> None:
    staged = StagedCall("steps:\n  hello: {say: Hello.}\n")
    staged.pick_up()

    assert actions(staged.prompt_ends()) == ["hangup"]
    assert staged.call.step == ""


def test_what_comes_after_the_last_step_changes_nothing() -> None:
    staged = StagedCall("steps:\n  hello: {say: Hello.}\n")
    staged.pick_up()
    staged.prompt_ends()
    before = staged.call

    assert staged.tell("call.machine.greeting.ended", result="ended").commands == ()
    assert (staged.call.step, staged.call.turn) == (before.step, before.turn)


@pytest.mark.parametrize(("written", "cause"), [("busy", "USER_BUSY"), ("rejected", "CALL_REJECTED")])
def test_a_flow_may_reject_the_call_while_it_rings(written: str, cause: str) -> None:
    staged = StagedCall(f"steps:\n  closed: {{reject: {written}}}\n")

    decision = staged.ring()

    assert actions(decision) == ["reject"]
    assert decision.commands[0].parameters == {"cause": cause}
    assert staged.call.step == "closed"


def test_an_outcome_is_noted_at_once() -> None:
    staged = StagedCall("steps:\n  note: {set: {outcome: heard, kind: reminder}}\n  hello: {say: '{kind}'}\n")

    decision = staged.pick_up()

    assert staged.call.variables == {"outcome": "heard", "kind": "reminder"}
    assert decision.commands[0].parameters["payload"] == "reminder"
    assert staged.hang_up("normal_clearing").reason == "heard"


def test_a_later_note_comes_in_the_place_of_an_earlier_one() -> None:
    staged = StagedCall("steps:\n  a: {set: {outcome: begun}}\n  b: {set: {outcome: done}}\n")

    staged.pick_up()

    assert staged.call.outcome == "done"


def test_the_conversations_recording_is_switched_while_the_flow_goes_on() -> None:
    staged = StagedCall("""
        steps:
          begin: {recording: start, format: wav, transcription: {engine: B}}
          hush: {recording: pause}
          again: {recording: resume}
          end: {recording: stop}
          hello: {say: Hello.}
    """)

    decision = staged.pick_up()

    assert actions(decision) == ["record_start", "record_pause", "record_resume", "record_stop", "speak"]
    start = decision.commands[0]
    asked = {
        name: value for name, value in start.parameters.items() if name not in {"client_state", "custom_file_name"}
    }
    assert asked == {
        "format": "wav",
        "channels": "dual",
        "recording_track": "both",
        "play_beep": False,
        "transcription": True,
        "transcription_engine": "B",
    }
    assert [mark_of(command).turn for command in decision.commands if "client_state" in command.parameters] == [1, 5]
    assert [recording.turn for recording in decision.recordings] == [1]
    assert staged.call.recorder == ""


def test_a_recording_that_was_switched_on_does_not_move_the_flow_when_it_fails() -> None:
    staged = StagedCall("last_resort: bye\nsteps:\n  begin: {recording: start}\n  hello: {say: Hi.}\n  bye: hangup\n")
    staged.pick_up()

    decision = staged.tell("call.recording.error", reason="Unsupported backend")

    assert decision.commands == ()
    assert staged.call.step == "hello"
    assert [recording.status for recording in decision.recordings] == ["failed"]
