"""What a caller may do about a message: hear it, keep it, record it anew, delete it."""

from collections.abc import Callable

import pytest

from dialtone.domain.call_variables import MESSAGE_ADDRESS
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.recordings import DELETED, KEPT, SUPERSEDED, Review
from dialtone.flow.steps.record import MAX_ASKED, MAX_REDOS
from tests.staged_call import LEG, StagedCall, actions, loaded, moment

REVIEWED = """
    last_resort: sorry
    steps:
      message:
        record: Speak after the tone.
        review: {say: Choose., moment: One moment., deleted: gone}
      thanks: {say: Thanks., next: bye}
      gone: {say: Deleted., next: bye}
      bye: hangup
      sorry: {say: Sorry., next: bye}
"""
ADDRESS = "https://storage.example/message.mp3?signed"


def saved(staged: StagedCall, **payload: object) -> dict[str, object]:
    message = {"channels": "single", "recording_started_at": moment(staged.seconds), "recording_urls": {"mp3": ADDRESS}}
    return message | payload


def listening(**payload: object) -> StagedCall:
    """A call whose caller has left a message and hears it played back."""
    staged = StagedCall(REVIEWED)
    staged.pick_up()
    staged.prompt_ends()
    message = saved(staged, **payload)
    staged.tell("call.dtmf.received", digit="#")
    staged.tell("call.recording.saved", **message)
    return staged


def choosing() -> StagedCall:
    staged = listening()
    staged.gather_ends("", "timeout")
    return staged


def test_until_the_message_is_saved_the_caller_hears_that_it_takes_a_moment() -> None:
    staged = StagedCall(REVIEWED)
    staged.pick_up()
    staged.prompt_ends()

    decision = staged.tell("call.dtmf.received", digit="#")

    assert actions(decision) == ["record_stop", "speak", "gather"]
    assert staged.tell("call.dtmf.received", digit="#").commands == (), "it is stopped once"


def test_the_saved_message_is_played_back_from_where_telnyx_keeps_it() -> None:
    decision = listening().decisions[-1]

    _stop, played = decision.commands
    assert (played.action, played.parameters["audio_url"]) == ("gather_using_audio", ADDRESS)
    assert [job.kind for job in decision.archive] == ["audio"]


@pytest.mark.parametrize(
    "urls",
    [
        None,
        {},
        {"mp3": "s3://bucket/message.mp3"},
        {"mp3": "http://storage.example/message.mp3"},
        {"mp3": "http://127.0.0.1.example/message.mp3"},
        {"mp3": "file:///etc/passwd"},
    ],
)
def test_a_message_that_does_not_lie_at_an_https_address_is_decided_about_without_being_heard(urls: object) -> None:
    staged = listening(recording_urls=urls)

    assert actions(staged.decisions[-1]) == ["gather_stop", "gather_using_speak"]
    assert staged.call.variables[MESSAGE_ADDRESS] == ""
    staged.gather_ends("3")
    assert actions(staged.decisions[-1]) == ["gather_using_speak"], "nor does `listen` play it"


def test_after_the_message_come_the_choices() -> None:
    staged = listening()

    (choices,) = staged.gather_ends("", "timeout").commands

    assert (choices.action, choices.parameters["payload"]) == ("gather_using_speak", "Choose.")


def test_a_message_that_cannot_be_played_is_followed_by_the_choices() -> None:
    staged = listening()

    assert actions(staged.audio_ends("file_not_found")) == ["gather_stop", "gather_using_speak"]


@pytest.mark.parametrize(
    ("key", "verdict", "step"), [("1", KEPT, "thanks"), ("2", SUPERSEDED, "message"), ("*", DELETED, "gone")]
)
@pytest.mark.parametrize("phase", [listening, choosing])
def test_a_key_decides_and_the_ledger_and_the_archive_are_updated(
    phase: Callable[[], StagedCall], key: str, verdict: str, step: str
) -> None:
    staged = phase()

    decision = staged.gather_ends(key)

    assert decision.reviews == (Review(f"{LEG}-01", verdict),)
    assert [(job.kind, job.recording) for job in decision.archive] == [("metadata", f"{LEG}-01")]
    assert staged.call.step == step
    assert staged.call.variables[MESSAGE_ADDRESS] == ""


def test_the_message_can_be_heard_again() -> None:
    staged = choosing()

    (played,) = staged.gather_ends("3").commands

    assert played.parameters["audio_url"] == ADDRESS


def test_a_message_recorded_anew_is_another_entry_of_the_ledger() -> None:
    staged = choosing()

    assert actions(staged.gather_ends("2")) == ["speak"]
    decision = staged.prompt_ends()

    assert [each.number for each in decision.recordings] == [2]


def test_who_decides_nothing_has_left_a_message() -> None:
    staged = choosing()

    for _ in range(MAX_ASKED - 1):
        assert actions(staged.gather_ends("", "timeout")) == ["gather_using_speak"]
    decision = staged.gather_ends("9")

    assert decision.reviews == (Review(f"{LEG}-01", KEPT),)
    assert staged.call.step == "thanks"


def test_nobody_records_anew_for_ever() -> None:
    staged = choosing()
    for _ in range(MAX_REDOS):
        staged.gather_ends("2")
        staged.prompt_ends()
        message = saved(staged)
        staged.tell("call.dtmf.received", digit="#")
        staged.tell("call.recording.saved", **message)

    decision = staged.gather_ends("2")

    assert [each.verdict for each in decision.reviews] == [KEPT]
    assert staged.call.step == "thanks"


def test_a_caller_who_hangs_up_in_the_review_leaves_the_message_and_no_address() -> None:
    staged = choosing()

    decision = staged.hang_up()

    assert decision.reviews == ()
    assert MESSAGE_ADDRESS not in staged.call.variables


@pytest.mark.parametrize("status", ["file_not_found", "failed"])
def test_choices_that_cannot_be_played_take_the_error_path(status: str) -> None:
    staged = StagedCall(REVIEWED.replace("say: Choose.", "say: {media: choices}"))
    staged.pick_up()
    staged.prompt_ends()
    staged.tell("call.recording.saved", **saved(staged))
    staged.gather_ends("", "timeout")

    assert actions(staged.audio_ends(status)) == ["gather_stop", "speak"]
    assert staged.call.step == "sorry"


def test_two_choices_cannot_have_one_key() -> None:
    with pytest.raises(FlowInvalid, match="must be four keys, not 1, 2, 1, \\*"):
        loaded("steps:\n  message: {record: null, review: {say: Choose., listen: 1}}\n")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{engine: B, speakers: true}", "speakers is for engine A only; write engine: A, or remove it"),
        ("{engine: deepgram/nova-3, language: es}", "knows English only, not es"),
        ("{engine: A, min_speakers: 3, max_speakers: 2}", "min_speakers is 3, more than max_speakers, 2"),
    ],
)
def test_a_transcription_that_no_engine_makes_is_found_before_the_call(written: str, message: str) -> None:
    with pytest.raises(FlowInvalid, match=message):
        loaded(f"steps:\n  message: {{record: null, transcription: {written}}}\n")
