"""Transcripts laid beside their recordings, in S3 and DynamoDB by moto; Telnyx's API by a real server."""

import hashlib

import pytest

from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import (
    FAILED,
    MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB,
    SAVED,
    VERIFIED,
    ArchiveJob,
    TranscriptCopy,
)
from dialtone.flow.loaded_flow import LoadedFlow
from dialtone.flow.parser import read_flow
from tests.integration.archiving import (
    BEGAN_AT,
    KEY,
    MAX_RECEIVES,
    RECORDING_ID,
    TRANSCRIPTION_ID,
    ArchiveHouse,
    entry,
    logged,
    metrics,
    sha256,
)
from tests.integration.deliveries import LEG, SESSION

TEXT = "Please call back: Žofie."


@pytest.fixture
def house(house: ArchiveHouse) -> ArchiveHouse:
    assert house.deliver(house.job()) == []
    return house


def test_a_transcript_lies_beside_its_recording_and_is_reported(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    capsys.readouterr()

    failed = house.deliver(house.transcript_job())

    assert failed == []
    assert house.objects()[f"{KEY}.txt"].decode() == TEXT
    kind = house.s3.head_object(Bucket=house.name, Key=f"{KEY}.txt")["ContentType"]
    assert kind == "text/plain; charset=utf-8"
    content = house.metadata()
    assert (content["transcript_key"], content["transcript_sha256"]) == (f"{KEY}.txt", sha256(TEXT.encode()))
    assert content["sha256"] == sha256(house.objects()[f"{KEY}.wav"])
    assert house.entry().transcript == TranscriptCopy(f"{KEY}.txt", sha256(TEXT.encode()), TRANSCRIPTION_ID)
    assert house.entry().status == VERIFIED
    assert metrics(capsys.readouterr().out.splitlines()) == {}
    assert [line["msg"] for line in logged(caplog)] == ["transcript archived"]
    assert "Žofie" not in str(logged(caplog))


def test_a_transcript_that_comes_twice_is_written_once(house: ArchiveHouse) -> None:
    house.deliver(house.transcript_job())

    failed = house.deliver(house.transcript_job())

    assert failed == []
    assert house.versions(f"{KEY}.txt") == 1


def test_another_transcript_of_the_same_recording_takes_its_place(house: ArchiveHouse) -> None:
    house.deliver(house.transcript_job())

    house.deliver(house.transcript_job(transcription_id="t-2", transcript="Please call."))

    assert house.objects()[f"{KEY}.txt"] == b"Please call."
    assert house.metadata()["transcription_id"] == "t-2"


def test_a_transcript_before_its_audio_waits_for_it(house: ArchiveHouse) -> None:
    second = entry()._replace(number=2, recording_id="r-2")
    house.save(second)
    job = house.transcript_job(recording_id="r-2")

    early = house.deliver(job)
    house.deliver(house.job(recording=second.name))
    late = house.deliver(job, receives=2)

    assert (early, late) == ([0], [])
    assert house.entry(second.name).transcript


def test_a_long_transcript_is_asked_for(house: ArchiveHouse) -> None:
    text = "long " * MAX_TRANSCRIPT_CHARACTERS_IN_A_JOB
    house.telnyx.transcript = {"id": TRANSCRIPTION_ID, "status": "completed", "transcription_text": text}

    failed = house.deliver(house.transcript_job(transcript=""))

    assert failed == []
    assert house.objects()[f"{KEY}.txt"].decode() == text
    assert house.telnyx.asked(f"/v2/recording_transcriptions/{TRANSCRIPTION_ID}") == 1


def test_a_recording_without_a_word_has_an_empty_transcript(house: ArchiveHouse) -> None:
    house.telnyx.transcript = {"status": "completed", "transcription_text": ""}

    failed = house.deliver(house.transcript_job(transcript=""))

    assert failed == []
    assert house.objects()[f"{KEY}.txt"] == b""


def reason_of(caplog: pytest.LogCaptureFixture) -> str:
    [line] = logged(caplog)
    return str(line["reason"])


def test_a_transcript_that_telnyx_has_not_completed_is_awaited(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.telnyx.transcript = {"status": "in-progress", "transcription_text": ""}

    assert house.deliver(house.transcript_job(transcript="")) == [0]
    assert "has not completed" in reason_of(caplog)


@pytest.mark.parametrize("status", ["failed", "a-word-of-tomorrow"])
def test_a_transcription_that_failed_is_not_filed_as_one_that_completed(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    failed = house.deliver(house.transcript_job(transcription_status=status, transcript=""))

    assert failed == []
    assert f"{KEY}.txt" not in house.objects()
    assert house.metadata()["transcription_status"] == "failed"
    assert house.entry().transcript is None
    assert any(status in str(line.get("note")) for line in logged(caplog))


def test_one_that_completes_after_all_is_filed_and_stays(house: ArchiveHouse) -> None:
    house.deliver(house.transcript_job(transcription_status="failed", transcript=""))

    house.deliver(house.transcript_job(transcription_status="completed"))
    house.deliver(house.transcript_job(transcription_status="failed", transcript=""))

    assert house.metadata()["transcription_status"] == "completed"
    assert house.objects()[f"{KEY}.txt"].decode() == TEXT


def test_a_transcript_that_telnyx_does_not_know_is_named(house: ArchiveHouse, caplog: pytest.LogCaptureFixture) -> None:
    assert house.deliver(house.transcript_job(transcript="")) == [0]
    assert reason_of(caplog) == f"Telnyx does not know the transcript {TRANSCRIPTION_ID}"


def test_a_transcript_with_neither_text_nor_id_is_hopeless(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.deliver(house.transcript_job(transcript="", transcription_id="")) == [0]
    assert "neither text nor an id" in reason_of(caplog)
    assert logged(caplog)[0]["wait_seconds"] == 0


def test_a_transcript_given_up_leaves_its_verified_recording_alone(
    house: ArchiveHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    assert house.deliver(house.transcript_job(transcript=""), receives=MAX_RECEIVES) == [0]

    assert house.entry().status == VERIFIED
    assert metrics(capsys.readouterr().out.splitlines()) == {}


def without_id(house: ArchiveHouse, number: int, **changes: str) -> str:
    """Take a recording over whose id nobody tells; give its name."""
    recording = entry()._replace(number=number, **changes)  # type: ignore[arg-type] # texts only
    house.save(recording)
    house.telnyx.known = False
    assert house.deliver(house.job(recording=recording.name)) == []
    house.telnyx.known = True
    assert house.entry(recording.name).recording_id == ""
    return recording.name


def test_the_only_recording_of_a_leg_is_the_one_that_is_transcribed(aws: None) -> None:
    del aws
    with ArchiveHouse.open() as house:
        house.telnyx.known = False
        house.deliver(house.job())

        failed = house.deliver(house.transcript_job())

        assert failed == []
        assert house.metadata()["recording_id"] == RECORDING_ID
        assert house.telnyx.asked("/v2/recordings/") == 0


def test_a_transcript_never_goes_to_a_recording_with_another_id(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    assert house.deliver(house.transcript_job(recording_id="another")) == [0]
    assert reason_of(caplog) == "Telnyx does not know the transcript's recording another"
    assert house.entry().transcript is None


def test_among_several_recordings_the_one_that_began_then_is_transcribed(aws: None) -> None:
    del aws
    with ArchiveHouse.open() as house:
        first = without_id(house, 1)
        second = without_id(house, 2, started_at="2026-09-21T12:10:00.000000Z")
        unbegun = entry()._replace(number=3, status="expected", started_at="")
        house.save(unbegun)

        failed = house.deliver(house.transcript_job())

        assert failed == []
        assert house.entry(first).transcript
        assert house.entry(first).recording_id == RECORDING_ID
        assert house.entry(second).transcript is None


def test_where_none_or_several_began_then_nobody_guesses(aws: None, caplog: pytest.LogCaptureFixture) -> None:
    del aws
    with ArchiveHouse.open() as house:
        without_id(house, 1)
        without_id(house, 2)
        caplog.clear()

        assert house.deliver(house.transcript_job()) == [0]

        assert reason_of(caplog).startswith("the leg has no recording that began at 2026-09-21T12:00:03")


def test_without_any_id_several_recordings_leave_it_open(house: ArchiveHouse, caplog: pytest.LogCaptureFixture) -> None:
    house.save(entry()._replace(number=2))

    assert house.deliver(house.transcript_job(recording_id="")) == [0]
    assert reason_of(caplog) == "the leg has not one recording, and the transcript does not say whose it is"


def test_without_any_id_the_only_recording_is_it(house: ArchiveHouse) -> None:
    assert house.deliver(house.transcript_job(recording_id="")) == []
    assert house.entry().transcript


def test_a_transcript_of_a_failed_recording_waits_for_its_job_to_be_put_back(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.store.mark_recording(house.entry()._replace(status=FAILED, reason="…"), was=(VERIFIED,))

    assert house.deliver(house.transcript_job()) == [0]
    assert reason_of(caplog) == f'the audio of "{LEG}-01" is not kept yet: it is failed'


def test_a_ledger_that_takes_verified_back_meanwhile_is_believed(house: ArchiveHouse) -> None:
    def taken_back(operation: str) -> None:
        if operation == "PutObject":
            house.wire.before_each = lambda _: None
            house.store.mark_recording(house.entry()._replace(status=SAVED), was=(VERIFIED,))

    house.wire.before_each = taken_back

    assert house.deliver(house.transcript_job()) == [0]
    assert house.entry().transcript is None
    assert house.entry().started_at == BEGAN_AT


def test_what_live_transcription_heard_is_written_beside_the_recordings_in_the_order_in_which_it_was_said(
    house: ArchiveHouse, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    leg = Call(SESSION, LEG, initiated_at="2026-09-21T12:00:00.000000Z", answered_at="2026-09-21T12:00:02.000000Z")
    flow = LoadedFlow(read_flow("f.yaml", "flow: f\nsteps: {bye: hangup}"))
    said = [
        ("2", "2026-09-21T12:01:07.000000Z", {"transcript": "Today,\nplease.", "is_final": True, "track": "inbound"}),
        ("1", "2026-09-21T12:00:05.000000Z", {"transcript": "Žofie here.", "is_final": True}),
        ("3", "2026-09-21T12:00:06.000000Z", {"transcript": "", "is_final": False}),
    ]
    for event_id, at, payload in said:
        about = {"call_session_id": SESSION, "call_leg_id": LEG, **payload}
        event = Event(event_id, "call.transcription", at, about)
        before = house.store.legs(SESSION)[0]._replace(heard_at="") if house.store.legs(SESSION) else leg
        house.store.commit(event, before, Decision(leg._replace(heard_at=at)), at_seconds=0, flow=flow)

    job = ArchiveJob("words", SESSION, LEG)
    assert [house.deliver(job), house.deliver(job)] == [[], []]

    words = house.objects()[f"recordings/2026/09/21/{SESSION}/{LEG}-words.txt"].decode()
    assert words == "00:03 Žofie here.\n01:05 inbound: Today, please.\n"
    assert [line["msg"] for line in logged(caplog)][-2:] == ["words archived"] * 2
    assert "Žofie" not in str(logged(caplog))


def test_words_of_a_leg_that_nobody_knows_are_given_up(house: ArchiveHouse) -> None:
    assert len(house.deliver(ArchiveJob("words", "unknown", "unknown"))) == 1


def test_what_was_said_to_a_voice_agent_is_written_beside_the_recordings(house: ArchiveHouse) -> None:
    leg = Call(SESSION, LEG, initiated_at="2026-09-21T12:00:00.000000Z", retention_days=30)
    about = {"call_session_id": SESSION, "call_leg_id": LEG}
    begun = Event("1", "call.initiated", leg.initiated_at, about)
    before = next(iter(house.store.legs(SESSION)), Call(SESSION, LEG))
    house.store.commit(begun, before, Decision(leg), at_seconds=0)
    said = "assistant: Hello.\ncaller: Žofie here.\n"

    job = ArchiveJob("conversation", SESSION, LEG, conversation_id="c-1", transcript=said)
    assert [house.deliver(job), house.deliver(job)] == [[], []]
    nowhere = house.deliver(ArchiveJob("conversation", SESSION, LEG, conversation_id="c-2"))

    key = f"recordings/2026/09/21/{SESSION}/{LEG}-conversation-c-1.txt"
    assert house.objects()[key].decode() == said
    assert len(nowhere) == 1, "Telnyx has no word of it"


def heard(house: ArchiveHouse, number: int, words: str, *, ended: bool = True) -> ArchiveJob:
    """A sentence is heard on the leg, and reported once the call is over; gives the job that comes of it."""
    job = ArchiveJob("words", SESSION, LEG)
    at = f"2026-09-21T12:01:{number:02d}.000000Z"
    known = next(iter(house.store.legs(SESSION)), Call(SESSION, LEG))
    leg = known._replace(initiated_at="2026-09-21T12:00:00.000000Z", heard_at=at, ended_at=at if ended else "")
    about = {"call_session_id": SESSION, "call_leg_id": LEG, "transcript": words, "is_final": True}
    flow = LoadedFlow(read_flow("f.yaml", "flow: f\nsteps: {bye: hangup}"))
    event = Event(f"heard-{number}", "call.transcription", at, about)
    house.store.commit(event, known, Decision(leg, archive=(job,)), at_seconds=0, flow=flow)
    return job


def test_what_was_written_down_stands_in_the_ledger_with_its_hash_and_again_when_more_comes(
    house: ArchiveHouse,
) -> None:
    job = heard(house, 1, "I need a doctor.")
    (expected,) = house.store.live_transcripts(SESSION)
    assert (expected.status, expected.name, expected.sha256) == ("expected", f"{LEG}-words", "")
    assert [each.text for each in house.store.due_items(9e9, 10) if each.text] == [expected.name]

    assert house.deliver(job) == []

    (kept,) = house.store.live_transcripts(SESSION)
    words = house.objects()[kept.key]
    assert (kept.status, kept.length_bytes) == ("verified", len(words))
    assert kept.sha256 == hashlib.sha256(words).hexdigest()
    assert [each.text for each in house.store.due_items(9e9, 10) if each.text] == []

    heard(house, 2, "Today, please.")
    assert house.store.live_transcripts(SESSION)[0].status == "expected"
    assert house.deliver(job) == []
    assert house.store.live_transcripts(SESSION)[0].length_bytes > kept.length_bytes


def test_a_sentence_that_comes_while_the_words_are_written_leaves_them_to_its_own_job(house: ArchiveHouse) -> None:
    job = heard(house, 1, "I need a doctor.")
    (seen,) = house.store.live_transcripts(SESSION)
    heard(house, 2, "Today, please.")

    assert not house.store.mark_live_transcript(seen.kept_as("key", 1, "sha"))

    assert house.store.live_transcripts(SESSION)[0].status == "expected"
    assert house.deliver(job) == []
    assert house.store.live_transcripts(SESSION)[0].status == "verified"


def test_a_conversation_of_which_telnyx_has_no_word_fails_in_the_ledger_and_is_kept_once_it_has(
    house: ArchiveHouse,
) -> None:
    job = ArchiveJob("conversation", SESSION, LEG, conversation_id="c-9")
    leg = Call(SESSION, LEG, initiated_at="2026-09-21T12:00:00.000000Z")
    about = {"call_session_id": SESSION, "call_leg_id": LEG}
    ended = Event("1", "call.conversation.ended", leg.initiated_at, about)
    before = next(iter(house.store.legs(SESSION)), Call(SESSION, LEG))
    house.store.commit(ended, before, Decision(leg, archive=(job,)), at_seconds=0)

    house.deliver(job, receives=MAX_RECEIVES)

    (failed,) = house.store.live_transcripts(SESSION)
    assert (failed.status, failed.reason) == ("failed", "Telnyx has no word of the conversation c-9")
    assert house.deliver(job._replace(transcript="caller: Hello.\n")) == []
    assert house.store.live_transcripts(SESSION)[0].status == "verified"
