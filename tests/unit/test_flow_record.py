"""A message left by the caller, in its two phases: the prompt, then the recording."""

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.recordings import EXPECTED, FAILED, SAVED, UNCERTAIN
from dialtone.flow.steps.record import SAVING_SECONDS
from tests.staged_call import LEG, StagedCall, actions, mark_of, moment

MESSAGE = """
    last_resort: sorry
    steps:
      message: {record: Speak after the tone., ends_on: ["#", 1], silence_seconds: 4, max_seconds: 60}
      thanks: {say: Thanks., next: bye}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
WHOLE_CALL_AND_MESSAGE = MESSAGE.replace("steps:", "record: {channels: dual}\n    steps:", 1)


def recording(flow: str = MESSAGE) -> StagedCall:
    """A call whose caller has heard the prompt and is being recorded."""
    staged = StagedCall(flow)
    staged.pick_up()
    staged.prompt_ends()
    return staged


def message_saved(staged: StagedCall) -> dict[str, object]:
    """What Telnyx tells when the recording is there that was asked for last."""
    return {"channels": "single", "recording_started_at": moment(staged.seconds)}


def test_the_prompt_is_heard_before_the_recording_begins() -> None:
    staged = StagedCall(MESSAGE)

    decision = staged.pick_up()

    assert actions(decision) == ["speak"]
    assert decision.recordings == ()


def test_the_prompts_end_starts_the_recording() -> None:
    staged = StagedCall(MESSAGE)
    staged.pick_up()

    decision = staged.prompt_ends()

    start, timer = decision.commands
    asked = {name: value for name, value in start.parameters.items() if name != "client_state"}
    assert (start.action, asked) == (
        "record_start",
        {
            "format": "mp3",
            "channels": "single",
            "recording_track": "inbound",
            "play_beep": True,
            "max_length": 60,
            "timeout_secs": 4,
            "custom_file_name": f"{LEG}-01",
        },
    )
    assert (timer.action, timer.parameters["timeout_millis"]) == ("gather", (60 + SAVING_SECONDS) * 1_000)
    assert mark_of(start).turn == staged.call.turn == 2
    assert [(each.status, each.turn) for each in decision.recordings] == [(EXPECTED, 2)]


def test_without_a_prompt_the_recording_starts_at_once() -> None:
    staged = StagedCall("steps:\n  message: {record: null, beep: false, format: wav, trim: true}\n")

    decision = staged.pick_up()

    assert actions(decision) == ["record_start", "gather"]
    asked = decision.commands[0].parameters
    assert (asked["play_beep"], asked["format"], asked["trim"]) == (False, "wav", "trim-silence")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("true", {"transcription": True}),
        (
            "{engine: A, language: en, profanity_filter: false}",
            {
                "transcription": True,
                "transcription_engine": "A",
                "transcription_language": "en",
                "transcription_profanity_filter": False,
            },
        ),
        ("false", {}),
    ],
)
def test_a_transcript_is_asked_for_as_the_flow_says(written: str, asked: dict[str, object]) -> None:
    decision = StagedCall(f"steps:\n  message: {{record: null, transcription: {written}}}\n").pick_up()

    sent = {name: value for name, value in decision.commands[0].parameters.items() if "transcription" in name}
    assert sent == asked


def test_a_message_that_silence_does_not_end_is_started_without_a_limit_of_silence() -> None:
    decision = StagedCall("steps:\n  message: {record: null, silence_seconds: 0}\n").pick_up()

    assert "timeout_secs" not in decision.commands[0].parameters
    assert decision.commands[0].parameters["max_length"] == 120


@pytest.mark.parametrize("status", ["call_hangup"])
def test_no_recording_starts_when_the_caller_hung_up_during_the_prompt(status: str) -> None:
    staged = StagedCall(MESSAGE)
    staged.pick_up()

    assert staged.prompt_ends(status).commands == ()


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
def test_a_prompt_that_could_not_be_played_takes_the_error_path(status: str) -> None:
    staged = StagedCall(MESSAGE.replace("Speak after the tone.", "{media: speak}"))
    staged.pick_up()

    assert actions(staged.audio_ends(status)) == ["speak"]
    assert staged.call.step == "sorry"


def test_a_key_during_the_prompt_does_not_end_a_message_that_has_not_begun() -> None:
    staged = StagedCall(MESSAGE)
    staged.pick_up()

    assert staged.tell("call.dtmf.received", digit="#").commands == ()
    assert staged.call.step == "message"


@pytest.mark.parametrize("digit", ["#", "1"])
def test_a_key_ends_the_message(digit: str) -> None:
    staged = recording()

    decision = staged.tell("call.dtmf.received", digit=digit)

    assert actions(decision) == ["record_stop", "gather_stop", "speak"]
    assert (staged.call.step, staged.call.recorder) == ("thanks", "")


def test_another_key_does_not() -> None:
    staged = recording()

    assert staged.tell("call.dtmf.received", digit="9").commands == ()
    assert staged.call.recorder == "on"


def test_the_recording_that_a_key_ended_comes_later_and_moves_nothing() -> None:
    staged = recording()
    saved_event = message_saved(staged)
    staged.tell("call.dtmf.received", digit="#")

    decision = staged.tell("call.recording.saved", **saved_event)

    assert decision.commands == ()
    assert staged.call.step == "thanks"
    assert [each.status for each in decision.recordings] == [SAVED]
    assert [job.kind for job in decision.archive] == ["audio"]


def test_silence_or_the_longest_length_ends_the_message() -> None:
    staged = recording()

    decision = staged.tell("call.recording.saved", **message_saved(staged))

    assert actions(decision) == ["gather_stop", "speak"]
    assert staged.call.step == "thanks"
    assert [each.status for each in decision.recordings] == [SAVED]


def test_the_recording_of_the_whole_call_does_not_end_the_message() -> None:
    staged = StagedCall(WHOLE_CALL_AND_MESSAGE)
    staged.pick_up()
    whole = {"recording_started_at": moment(2)}
    staged.seconds = 60
    staged.prompt_ends()

    decision = staged.tell("call.recording.saved", **whole)

    assert decision.commands == ()
    assert staged.call.step == "message"
    assert decision.recordings[0].source == "record-from-answer"


@pytest.mark.parametrize(
    "reason",
    [
        "Failed to authorize with storage using custom credentials",
        "Invalid credentials json",
        "Unsupported backend",
        "Internal server error",
        "A reason of tomorrow",
        "",
    ],
)
def test_a_recording_that_telnyx_could_not_keep_takes_the_error_path_and_the_ledger_says_why(reason: str) -> None:
    staged = recording()

    decision = staged.tell("call.recording.error", reason=reason)

    assert actions(decision) == ["gather_stop", "speak"]
    assert staged.call.step == "sorry"
    assert [(each.status, each.reason) for each in decision.recordings] == [(FAILED, f"Telnyx: {reason}")]


def test_an_error_of_a_message_is_heard_of_though_the_whole_call_is_recorded_too() -> None:
    staged = recording(WHOLE_CALL_AND_MESSAGE)

    decision = staged.tell("call.recording.error", reason="Internal server error")

    assert staged.call.step == "sorry"
    assert actions(decision) == ["gather_stop", "speak"]
    assert [(each.status, each.identity) for each in decision.recordings] == [(EXPECTED, UNCERTAIN)] * 2


def test_the_whole_calls_audio_is_not_filed_as_the_message_that_failed() -> None:
    staged = recording(WHOLE_CALL_AND_MESSAGE)
    staged.tell("call.recording.error", reason="Internal server error")
    staged.hang_up()

    decision = staged.tell("call.recording.saved", channels="dual", recording_started_at=moment(2))

    whole, message = decision.recordings
    assert (whole.source, whole.status) == ("record-from-answer", SAVED)
    assert (message.source, message.status) == ("record_start", FAILED)


def test_a_recording_of_the_number_itself_does_not_end_the_message() -> None:
    staged = recording()

    decision = staged.tell("call.recording.saved", recording_started_at=moment(staged.seconds - 3))

    assert staged.call.step == "message"
    assert decision.recordings[0].source == "telnyx"
    assert decision.recordings[0].identity == UNCERTAIN


def test_one_that_is_doubtful_and_fits_the_message_does_not_leave_the_caller_waiting() -> None:
    staged = recording()

    decision = staged.tell("call.recording.saved", **message_saved(staged) | {"channels": "dual"})

    assert staged.call.step == "thanks"
    assert (decision.recordings[0].source, decision.recordings[0].identity) == ("telnyx", UNCERTAIN)
    assert [each.source for each in staged.call.recordings] == ["record_start"]


def test_an_error_of_a_message_already_left_is_only_written_down() -> None:
    staged = recording()
    staged.tell("call.dtmf.received", digit="#")

    decision = staged.tell("call.recording.error", reason="Internal server error")

    assert decision.commands == ()
    assert staged.call.step == "thanks"
    assert [each.status for each in decision.recordings] == [FAILED]


def test_a_refused_start_takes_the_error_path_and_stops_what_may_have_begun() -> None:
    staged = recording()

    assert actions(staged.refuse()) == ["record_stop", "gather_stop", "speak"]
    assert staged.call.step == "sorry"


def test_a_refused_prompt_stops_no_recording() -> None:
    staged = StagedCall(MESSAGE)
    staged.pick_up()

    assert actions(staged.refuse()) == ["speak"]


def test_other_events_do_not_end_the_message() -> None:
    staged = recording()

    for event_type in ("call.speak.ended", "call.playback.started", "call.recording.transcription.saved"):
        assert staged.tell(event_type, status="completed").commands == ()
    assert staged.call.recorder == "on"


def test_after_a_message_ended_by_a_key_the_whole_calls_recording_is_still_paused_for_a_card() -> None:
    staged = recording(WHOLE_CALL_AND_MESSAGE.replace(
        "thanks: {say: Thanks., next: bye}", "card: {collect: Card., into: card, sensitive: true}"
    ))  # fmt: skip

    decision = staged.tell("call.dtmf.received", digit="#")

    assert "record_pause" in actions(decision)


def test_a_message_of_which_nothing_is_reported_does_not_keep_the_caller_waiting() -> None:
    staged = recording()
    staged.seconds += 60 + SAVING_SECONDS

    decision = staged.gather_ends("", "timeout")

    assert actions(decision) == ["speak"]


def test_a_timer_that_detection_ended_is_begun_again_and_no_second_recording() -> None:
    staged = recording()
    staged.seconds += 9

    (again,) = staged.gather_ends("", "cancelled_amd").commands

    assert (again.action, again.parameters["timeout_millis"]) == ("gather", (50 + SAVING_SECONDS) * 1_000)


def test_a_message_that_is_not_saved_in_time_is_decided_about_unheard() -> None:
    staged = recording(MESSAGE.replace("{record:", "{review: {say: Choose.}, record:"))
    stopped = staged.tell("call.dtmf.received", digit="#")
    assert (stopped.commands[-1].action, stopped.commands[-1].parameters["timeout_millis"]) == ("gather", 15_000)
    assert staged.gather_ends("", "cancelled").commands == (), "that was the recording's own timer"

    decision = staged.gather_ends("", "timeout")

    assert actions(decision) == ["gather_using_speak"]


def test_a_recording_knows_how_long_its_flow_has_it_kept() -> None:
    kept = StagedCall(WHOLE_CALL_AND_MESSAGE.replace("steps:", "retention_days: 30\n    steps:", 1))

    kept.pick_up()
    [whole_call] = kept.call.recordings
    [message] = kept.prompt_ends().recordings
    unasked = kept.tell("call.recording.saved", channels="single", recording_started_at=moment(0)).recordings

    assert {each.retention_days for each in (whole_call, message, *unasked)} == {30}
    assert recording().call.retention_days == 0


@pytest.mark.parametrize("days", [0, 31, '"30"', "true"])
def test_a_retention_without_a_rule_in_the_bucket_is_refused(days: str) -> None:
    with pytest.raises(FlowInvalid, match="retention_days"):
        StagedCall(MESSAGE.replace("steps:", f"retention_days: {days}\n    steps:", 1))
