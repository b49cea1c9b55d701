"""Nothing is recorded before the caller knows of it, or has agreed; and the evidence of that."""

import pytest

from archive.metadata import metadata
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.recordings import Consent
from dialtone.flow.consent import TRIES, VARIABLE
from tests.staged_call import StagedCall, actions, loaded, moment

ASKED = """
    last_resort: sorry
    language: en-US
    steps:
      begin: {recording: start, consent: {how: ask, say: "May we? Press 1.", declined: unrecorded}}
      hello: {say: Hello.}
      unrecorded: {say: Not recorded.}
      sorry: {say: Sorry.}
"""
ANNOUNCED = ASKED.replace('{how: ask, say: "May we? Press 1.", declined: unrecorded}', "announce")
WHOLE_CALL = """
    language: en-US
    record: {channels: dual, consent: announce}
    steps:
      hello: {say: Hello.}
"""
VOICEMAIL = """
    steps:
      message: {record: Speak., consent: ask}
      bye: hangup
"""


def picked_up(flow: str, direction: str = "incoming") -> StagedCall:
    staged = StagedCall(flow, direction)
    staged.pick_up()
    return staged


def test_the_recording_begins_once_the_announcement_was_heard_out() -> None:
    staged = picked_up(ANNOUNCED)
    assert actions(staged.decisions[-1]) == ["speak"]

    decision = staged.prompt_ends()

    assert actions(decision) == ["record_start", "speak"]
    (recording,) = decision.recordings
    assert recording.consent == Consent("announced", "This call is recorded.", "en-US", moment(staged.seconds))
    assert staged.call.variables[VARIABLE] == "announced"


def test_the_recording_begins_once_the_key_was_pressed() -> None:
    staged = picked_up(ASKED)
    assert actions(staged.decisions[-1]) == ["gather_using_speak"]

    decision = staged.gather_ends("1")

    assert actions(decision) == ["record_start", "speak"]
    (recording,) = decision.recordings
    assert recording.consent == Consent("given", "May we? Press 1.", "en-US", moment(staged.seconds), "1")


def test_who_declines_goes_on_unrecorded_where_the_flow_says() -> None:
    staged = picked_up(ASKED)

    assert actions(staged.gather_ends("2")) == ["speak"]
    assert (staged.call.step, staged.call.variables[VARIABLE]) == ("unrecorded", "declined")


def test_who_says_nothing_has_not_agreed() -> None:
    staged = picked_up(ASKED)

    for _ in range(TRIES - 1):
        assert actions(staged.gather_ends("", "timeout")) == ["gather_using_speak"]
    staged.gather_ends("9")

    assert staged.call.step == "unrecorded"
    assert staged.call.recordings_asked == 0


@pytest.mark.parametrize("direction", ["incoming", "outgoing"])
def test_a_whole_call_is_not_recorded_from_the_answer_where_consent_is_wanted(direction: str) -> None:
    staged = picked_up(WHOLE_CALL, direction)

    sent = [command for decision in staged.decisions for command in decision.commands]
    assert all("record" not in command.parameters for command in sent)
    assert sent[-1].parameters["payload"] == "This call is recorded."
    start, hello = staged.prompt_ends().commands
    assert (start.action, start.parameters["channels"], hello.action) == ("record_start", "dual", "speak")
    assert staged.call.step == "hello"


def test_a_message_is_recorded_only_if_the_caller_agrees_and_the_prompt_comes_after() -> None:
    staged = picked_up(VOICEMAIL)

    assert actions(staged.gather_ends("1")) == ["speak"]
    decision = staged.prompt_ends()

    assert actions(decision) == ["record_start", "gather"]
    assert decision.recordings[0].consent is not None
    declining = picked_up(VOICEMAIL)
    assert actions(declining.gather_ends("2")) == ["hangup"]


def test_a_message_recorded_anew_needs_no_second_consent() -> None:
    staged = picked_up(VOICEMAIL.replace("consent: ask", "consent: ask, review: {say: Choose.}"))
    staged.gather_ends("1")
    staged.prompt_ends()
    staged.tell("call.recording.saved", recording_started_at=moment(staged.seconds))

    assert actions(staged.gather_ends("2")) == ["speak"]
    assert staged.prompt_ends().recordings[0].consent is not None


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
@pytest.mark.parametrize(("how", "stopped"), [("announce", []), ("ask", ["gather_stop"])])
def test_an_announcement_that_cannot_be_heard_records_nothing(status: str, how: str, stopped: list[str]) -> None:
    staged = picked_up(ANNOUNCED.replace("consent: announce", f"consent: {{how: {how}, say: {{media: told}}}}"))

    assert actions(staged.audio_ends(status)) == [*stopped, "speak"]
    assert (staged.call.step, staged.call.recordings_asked) == ("sorry", 0)


def test_a_caller_who_hangs_up_meanwhile_was_not_recorded() -> None:
    staged = picked_up(ANNOUNCED)

    assert staged.prompt_ends("call_hangup").commands == ()


def test_the_evidence_stands_in_the_metadata_of_the_archive() -> None:
    staged = picked_up(ASKED)
    (recording,) = staged.gather_ends("1").recordings

    assert b'"how": "given"' in metadata(recording)
    assert b'"consent": null' in metadata(recording._replace(consent=None))


@pytest.mark.parametrize(
    ("consent", "message"),
    [
        ("{how: announce, accept: 2}", "go with how: ask"),
        ("{how: ask, accept: 2}", "accept and decline are both 2"),
        ("asked", "consent"),
    ],
)
def test_a_consent_that_cannot_be_given_is_not_a_flow(consent: str, message: str) -> None:
    with pytest.raises(FlowInvalid, match=message):
        loaded(f"steps:\n  begin: {{recording: start, consent: {consent}}}\n")


def test_what_is_decided_by_a_start_is_not_said_elsewhere() -> None:
    with pytest.raises(FlowInvalid, match="pause takes no beep"):
        loaded("steps:\n  hush: {recording: pause, beep: true}\n")


def test_a_whole_call_recording_takes_every_option() -> None:
    options = "format: wav, trim: true, max_seconds: 60, silence_seconds: 9, beep: true, transcription: {engine: B}"

    (start, _) = picked_up(f"steps:\n  begin: {{recording: start, {options}}}\n  bye: hangup\n").decisions[-1].commands

    asked = {
        name: value for name, value in start.parameters.items() if name not in {"client_state", "custom_file_name"}
    }
    assert asked == {
        "format": "wav",
        "channels": "dual",
        "recording_track": "both",
        "play_beep": True,
        "trim": "trim-silence",
        "max_length": 60,
        "timeout_secs": 9,
        "transcription": True,
        "transcription_engine": "B",
    }
