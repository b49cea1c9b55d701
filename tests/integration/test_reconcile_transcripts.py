"""A transcript that was asked for and has not come is asked for at Telnyx, archived, or given up after a day."""

from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError

from dialtone.adapters.telnyx_api import TranscriptInfo
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.recordings import COMPLETED, FAILED, SAVED, VERIFIED, ArchiveJob, TranscriptCopy, Transcription
from tests.integration.deliveries import SESSION
from tests.integration.dependencies import FAULTS, Died, Fault
from tests.integration.reconciling import MESSAGE, WHOLE_CALL, Reconciling, listed, reconciling

DAY_MINUTES = 24 * 60
WORDS = TranscriptInfo("r-2", "completed", "Please call back.", "t-1")


@pytest.fixture
def house(flows: Path) -> Reconciling:
    """A call that is over; its message is verified, and of its transcript nothing was reported."""
    house = reconciling(flows)
    house.play(without=())
    for entry in house.line.store.recordings(SESSION):
        house.line.store.mark_recording(entry._replace(status=VERIFIED), was=(SAVED,))
    house.line.jobs()
    house.telnyx.recordings = [listed(1, 13), listed(2, 12)]
    return house


def queued(house: Reconciling) -> list[ArchiveJob]:
    """Take the jobs that the archive was given."""
    return [ArchiveJob.from_json(body) for body in house.line.jobs()]


def transcription(house: Reconciling) -> Transcription:
    found = house.entry(MESSAGE).transcription
    assert found
    return found


def test_one_that_telnyx_has_is_queued_with_what_the_archive_needs_to_fetch_it(house: Reconciling) -> None:
    """Also where no webhook said what Telnyx calls the recording."""
    assert house.due() == [MESSAGE]
    assert house.entry(MESSAGE).recording_id == ""
    house.telnyx.transcripts = [WORDS, WORDS._replace(transcription_id="t-2", status="in-progress")]

    counts = house.sweep(6)

    assert counts == {"outstanding": 1, "transcripts": 1}
    [job] = queued(house)
    assert (job.kind, job.recording, job.recording_id, job.transcription_id) == ("transcript", MESSAGE, "r-2", "t-1")
    assert (job.transcription_status, job.transcript) == (COMPLETED, "")
    assert house.noted.measured == {"RecordingsOutstanding": 1}


def test_one_whose_webhook_may_still_come_is_not_asked_for(house: Reconciling) -> None:
    house.line.store.move_due(house.line.store.due_items(9e9, 1)[0], 0)

    house.sweep(4)

    assert house.telnyx.asked == []


def test_once_it_is_filed_nothing_is_asked_any_more(house: Reconciling) -> None:
    house.telnyx.transcripts = [WORDS]
    house.sweep(6)
    filed = transcription(house)._replace(status=COMPLETED)
    entry = house.entry(MESSAGE)._replace(transcript=TranscriptCopy("key", "sha"), transcription=filed)
    house.line.store.mark_recording(entry, was=(VERIFIED,))

    assert house.due() == []
    assert house.sweep(30) == {"outstanding": 0}


def test_it_is_queued_again_at_growing_pauses_until_it_is_filed(house: Reconciling) -> None:
    house.telnyx.transcripts = [WORDS]

    for minutes in range(6, 120, 5):
        house.sweep(minutes)

    assert 4 <= len(queued(house)) <= 6
    assert "RecordingsOverdue" not in house.noted.measured


@pytest.mark.parametrize(
    "found", [(), (WORDS._replace(status="in-progress"),), (WORDS,)], ids=["none", "unfinished", "never archived"]
)
def test_one_that_telnyx_never_completes_is_given_up_after_a_day_and_rings(
    house: Reconciling, found: tuple[TranscriptInfo, ...]
) -> None:
    house.telnyx.transcripts = [*found]
    for minutes in (6, 30, DAY_MINUTES - 1):
        house.sweep(minutes)
    assert "TranscriptsMissing" not in house.noted.measured
    queued(house)

    house.sweep(DAY_MINUTES + 370)
    house.sweep(DAY_MINUTES + 800)

    assert house.noted.measured["TranscriptsMissing"] == 1
    assert (house.entry(MESSAGE).status, transcription(house).status) == (VERIFIED, FAILED)
    assert house.due() == []
    assert ("metadata", MESSAGE) in [(job.kind, job.recording) for job in queued(house)]


@pytest.mark.parametrize("deleted", [[], [listed(1, 13)]])
def test_of_a_recording_that_telnyx_does_not_list_it_lists_no_transcript(
    house: Reconciling, deleted: list[object]
) -> None:
    house.telnyx.recordings = deleted  # type: ignore[assignment]

    house.sweep(6)

    assert (house.telnyx.asked, queued(house)) == ([SESSION], [])


def test_from_a_telnyx_that_does_not_answer_nothing_follows(house: Reconciling) -> None:
    house.telnyx.fault = TelnyxUnavailable("server-error", 2, None)

    counts = house.sweep(6)

    assert counts["faults"] == 2
    assert transcription(house).status == "requested"


def test_one_that_is_filed_while_it_is_given_up_stays_filed(house: Reconciling) -> None:
    filed = house.entry(MESSAGE)._replace(
        transcript=TranscriptCopy("key", "sha"),
        transcription=transcription(house)._replace(status=COMPLETED),
    )
    house.telnyx.before = lambda: house.line.store.mark_recording(filed, was=(VERIFIED,))

    house.sweep(DAY_MINUTES + 10)

    assert transcription(house).status == COMPLETED
    assert house.entry(MESSAGE).transcript == filed.transcript


def test_of_an_erased_call_none_is_asked_for(house: Reconciling) -> None:
    house.erased.sessions.add(SESSION)

    house.sweep(6)

    assert (house.telnyx.asked, queued(house)) == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("minutes", [6, DAY_MINUTES + 10])
@pytest.mark.parametrize("place", range(13))
def test_one_fault_anywhere_costs_a_sweep(house: Reconciling, place: int, minutes: int, fault: Fault) -> None:
    house.telnyx.transcripts = [WORDS]
    house.line.faults.plan, house.line.faults.place = {place: fault}, 0
    with suppress(Died, BotoCoreError):  # Lambda reports it, and calls again in five minutes
        house.sweep(minutes)
    house.line.faults.plan = {}

    house.sweep(minutes + 5)

    jobs = {(job.kind, job.recording) for job in queued(house)}
    if minutes == 6:
        assert ("transcript", MESSAGE) in jobs
    else:
        assert ("metadata", MESSAGE) in jobs
        assert (transcription(house).status, house.due()) == (FAILED, [])
    assert house.entry(WHOLE_CALL).status == VERIFIED


def spoke(house: Reconciling) -> None:
    """Something was heard on the call, of which nothing is kept."""
    leg = house.leg()
    about = {"call_session_id": SESSION, "call_leg_id": leg.leg_id}
    event = Event("heard", "call.transcription", leg.ended_at, about)
    decision = Decision(leg, archive=(ArchiveJob("words", SESSION, leg.leg_id),))
    house.line.store.commit(event, leg, decision, at_seconds=0)


def due_texts(house: Reconciling) -> list[str]:
    return [each.text for each in house.line.store.due_items(9e9, 100) if each.text]


def test_words_whose_job_was_lost_are_queued_again_until_they_are_kept(house: Reconciling) -> None:
    house.telnyx.transcripts = [WORDS]
    spoke(house)
    house.sweep(4)
    assert [each for each in queued(house) if each.kind == "words"] == []

    house.sweep(9)

    [job] = [each for each in queued(house) if each.kind == "words"]
    (entry,) = house.line.store.live_transcripts(SESSION)
    assert (job, due_texts(house)) == (entry.job, [entry.name])
    assert house.line.store.mark_live_transcript(entry.kept_as("key", 1, "sha"))
    house.sweep(30)
    assert (due_texts(house), [each for each in queued(house) if each.kind == "words"]) == ([], [])


def test_words_that_were_not_kept_for_a_day_fail_and_ring(house: Reconciling) -> None:
    spoke(house)

    for minutes in (9, 30, DAY_MINUTES + 400):
        house.sweep(minutes)

    (entry,) = house.line.store.live_transcripts(SESSION)
    assert (entry.status, due_texts(house)) == ("failed", [])
    assert house.noted.measured["RecordingsOverdue"] >= 1
    assert house.noted.measured["TranscriptsMissing"] >= 1


def test_words_of_an_erased_call_are_not_asked_for(house: Reconciling) -> None:
    spoke(house)
    house.erased.sessions.add(SESSION)

    house.sweep(9)

    assert ([each for each in queued(house) if each.kind == "words"], due_texts(house)) == ([], [])
