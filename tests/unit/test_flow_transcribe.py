"""Live transcription: what is asked of Telnyx, what is kept of each sentence, and when it is written down."""

import pytest

from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import recorded_payload
from dialtone.domain.live_transcription import MAX_SENTENCE_CHARACTERS, report
from dialtone.flow.parser import read_flow
from infra.flowkit.drawing.change_summary import summary
from tests.staged_call import StagedCall, actions, happened

FLOW = """
    {language}
    last_resort: sorry
    steps:
      listen: {{transcribe: start{more}}}
      hello: {{say: "{{transcript}}!", next: pin}}
      pin: {{collect: Your PIN., into: pin, digits: 4, sensitive: true, otherwise: stop}}
      stop: {{transcribe: stop}}
      bye: hangup
      sorry: {{say: Sorry., next: bye}}
"""


def begun(more: str = "", language: str = "language: en-US") -> StagedCall:
    staged = StagedCall(FLOW.format(more=more, language=language))
    staged.pick_up()
    return staged


def says(staged: StagedCall, words: object, **data: object) -> list[str]:
    given = {"transcript": words, "is_final": True, "confidence": 0.9} | data
    return actions(staged.tell("call.transcription", transcription_data=given))


@pytest.mark.parametrize(
    ("more", "language", "engine", "known", "tracks"),
    [
        ("", "language: en-US", "Google", "en", "inbound"),
        (", tracks: both", "language: de-DE", "Google", "de", "both"),
        ("", "language: cy-GB", "Telnyx", "auto_detect", "inbound"),
        ("", "", "Google", "en", "inbound"),
        (", language: fr-CA", "language: en-US", "Google", "fr", "inbound"),
        (", engine: Telnyx", "language: en-US", "Telnyx", "en", "inbound"),
        (", engine: Telnyx", "language: de-DE", "Telnyx", "auto_detect", "inbound"),
        (", engine: Deepgram", "language: de-DE", "Deepgram", "de", "inbound"),
        (", engine: Deepgram", "language: pl-PL", "Deepgram", "auto_detect", "inbound"),
        (", engine: Google", "language: cy-GB", "Google", "en", "inbound"),
        (", engine: Deepgram, language: auto_detect", "language: en-US", "Deepgram", "auto_detect", "inbound"),
    ],
)
def test_the_engine_receives_the_language(more: str, language: str, engine: str, known: str, tracks: str) -> None:
    start = begun(more, language).decisions[-1].commands[0]

    config = start.parameters["transcription_engine_config"]
    assert isinstance(config, dict)
    assert (start.action, start.parameters["transcription_engine"], config["transcription_engine"]) == (
        "transcription_start",
        engine,
        engine,
    )
    assert (config["language"], start.parameters["transcription_tracks"]) == (known, tracks)
    assert config.get("transcription_model") == {
        "Telnyx": "openai/whisper-large-v3-turbo",
        "Deepgram": "deepgram/nova-3",
    }.get(engine)


def test_the_last_sentence_is_a_variable_whatever_order_they_come_in() -> None:
    staged = begun()
    late = happened("call.transcription", 1.5, staged.mark, transcription_data={"transcript": "Old.", "is_final": True})

    assert staged.call.variables["transcript"] == ""
    assert says(staged, " A doctor, please. ") == []
    staged.take(late)

    assert staged.call.variables["transcript"] == "A doctor, please."


@pytest.mark.parametrize(
    ("words", "data"),
    [
        ("A doc", {"is_final": False}),
        ("A doc", {"is_final": "true"}),
        ("Good morning.", {"transcription_track": "outbound"}),
        ("", {"transcription_track": [[]]}),
        ("", {}),
        (["A doctor"], {}),
        (None, {"confidence": None}),
    ],
)
def test_what_is_not_a_sentence_of_the_caller_is_no_variable(words: object, data: dict[str, object]) -> None:
    staged = begun()

    says(staged, words, **data)

    assert staged.call.variables["transcript"] == ""


@pytest.mark.parametrize("track", [[[]], {}, 7, None, "both"])
def test_a_track_of_another_kind_is_left_out(track: object) -> None:
    said = {"transcript": "A doctor, please.", "is_final": True, "transcription_track": track}

    assert report({"transcription_data": said}) == {"transcript": "A doctor, please.", "is_final": True}


def test_nothing_is_kept_of_what_is_said_while_sensitive_digits_are_asked_for() -> None:
    staged = begun()
    staged.tell("call.speak.ended", status="completed")
    assert staged.call.step == "pin"
    event = happened("call.transcription", 9, transcription_data={"transcript": "4711", "is_final": True})

    says(staged, "four seven one one")

    assert (staged.call.variables["transcript"], staged.call.heard_at) == ("", "")
    assert not staged.loaded.keeps_words(staged.call, event)
    staged.gather_ends("4711")
    late = happened(
        "call.transcription", staged.seconds - 0.5, transcription_data={"transcript": "x", "is_final": True}
    )
    assert (staged.call.step, staged.loaded.keeps_words(staged.call, late)) == ("bye", False)
    assert "transcript" not in recorded_payload(event, keep_digits=True)
    assert recorded_payload(event, keep_words=True)["transcript"] == "4711"


def test_a_sentence_is_bounded_and_anything_but_words_dropped() -> None:
    kept = report({"transcription_data": {"transcript": "x" * 9_000, "is_final": True, "words": ["x"]}, "more": "x"})

    assert kept == {"transcript": "x" * MAX_SENTENCE_CHARACTERS, "is_final": True}
    assert report({"transcription_data": "x"}) == {"transcript": "", "is_final": False}


def test_what_was_said_is_written_down_at_the_end_of_the_call_and_again_when_more_comes() -> None:
    staged = begun()
    says(staged, "A doctor.")

    hang_up = staged.hang_up()
    late = happened("call.transcription", 20, staged.mark, transcription_data={"transcript": "Bye.", "is_final": True})

    assert [each.kind for each in hang_up.archive] == ["words"]
    after = staged.take(late)
    assert [each.kind for each in after.archive] == ["words"]
    assert staged.call.variables["transcript"] == "A doctor."


def test_nothing_is_written_down_of_a_call_on_which_nothing_was_heard() -> None:
    staged = begun()

    assert staged.hang_up().archive == ()


def test_a_refusal_takes_the_error_path_of_the_step_that_the_call_is_in() -> None:
    staged = begun()

    refused = staged.refuse(action="transcription_start")

    assert (actions(refused), staged.call.step) == (["speak"], "sorry")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("transcribe: stop, tracks: both", "stop takes no tracks"),
        ("transcribe: start, engine: Google, language: cy-GB", "Google's engine does not know cy-GB"),
        ("transcribe: start, engine: Deepgram, language: pl-PL", "Deepgram's engine does not know pl-PL"),
        ("transcribe: pause", "transcribe"),
        ("transcribe: start, engine: A", "engine"),
    ],
)
def test_what_no_engine_does_is_refused(keys: str, why: str) -> None:
    with pytest.raises(FlowInvalid, match=why):
        read_flow("main.yaml", f"flow: main\nsteps:\n  a: {{{keys}}}\n  bye: hangup\n")


def test_a_comparison_says_what_is_written_down() -> None:
    text = "flow: main\nsteps:\n  a: {{transcribe: start, tracks: {}}}\n  bye: hangup\n"
    was, now = (read_flow("main.yaml", text.format(each)) for each in ("inbound", "both"))

    assert summary(was, now) == ["In “a”, tracks is now both; before, inbound."]
