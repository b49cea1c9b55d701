"""What never came is asked for, what was not archived is queued again, and what is lost rings."""

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialtone.adapters.calls_table import CallsTable, DueItem
from dialtone.adapters.telnyx_api import CallInfo, TakenCommand
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.recordings import (
    CERTAIN,
    COPIED,
    EXPECTED,
    FAILED,
    FIRST_LOOK_SECONDS,
    SAVED,
    UNASKED,
    UNCERTAIN,
    VERIFIED,
    ArchiveJob,
    Recording,
)
from reconcile.overdue import GIVE_UP_SECONDS, NEVER_TAKEN
from reconcile.telnyx_queries import MAX_FAILURES, NotAnswered, Questions
from tests.integration.deliveries import CONTROL, LEG, SESSION, phone_call
from tests.integration.dependencies import FAULTS, Died, Fault
from tests.integration.reconciling import (
    HANG_UP,
    MESSAGE,
    RECORDING_WEBHOOKS,
    WHOLE_CALL,
    ListingTelnyx,
    Reconciling,
    archived,
    listed,
    reconciling,
)

UNAVAILABLE = TelnyxUnavailable("rate-limited", 2, None)
A_DAY_MINUTES = GIVE_UP_SECONDS / 60


@pytest.fixture
def house(flows: Path) -> Reconciling:
    return reconciling(flows)


def jobs(house: Reconciling) -> list[ArchiveJob]:
    """Take the audio jobs from the queue; the call's transcript has come, and is not the sweep's."""
    return [job for body in house.line.jobs() if (job := ArchiveJob.from_json(body)).kind == "audio"]


def save_alike(house: Reconciling, entry: Recording, session: str) -> None:
    """Put another call's entry, like that, into the ledger."""
    event = Event(session, "call.answered", entry.requested_at, {"call_session_id": session})
    call = Call(session, LEG)
    recording = entry._replace(call_session_id=session)
    house.line.store.commit(event, call, Decision(call, recordings=(recording,)), at_seconds=0)


# Expected, and never reported


def test_a_recording_whose_webhook_never_came_is_taken_in_as_if_it_had(house: Reconciling, flows: Path) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    reported = reconciling(flows)
    reported.play(without=())

    counts = house.sweep(6)

    assert counts == {"outstanding": 2, "recovered": 2}
    assert house.statuses() == [SAVED, SAVED]
    assert [house.entry(name).identity for name in (WHOLE_CALL, MESSAGE)] == [CERTAIN, CERTAIN]
    archived = jobs(house)
    assert {(job.kind, job.recording) for job in archived} == {("audio", WHOLE_CALL), ("audio", MESSAGE)}
    assert all(job.urls and LEG in next(iter(job.urls.values())) for job in archived)
    [leg], [leg_reported] = house.line.store.legs(SESSION), reported.line.store.legs(SESSION)
    assert (leg.outcome, leg.recordings, leg.recorder) == (
        leg_reported.outcome,
        leg_reported.recordings,
        leg_reported.recorder,
    )


def test_it_is_not_asked_for_while_its_webhook_may_still_come(house: Reconciling) -> None:
    house.play()
    house.line.store.move_due(house.line.store.due_items(9e9, 1)[0], 0)

    house.sweep(1.9)
    assert house.telnyx.asked == []

    house.sweep(6)
    assert house.telnyx.asked == [SESSION]


def test_a_quiet_sweep_asks_one_question_and_reads_only_the_index(house: Reconciling) -> None:
    house.play(without=())
    for name in (WHOLE_CALL, MESSAGE):
        entry = house.entry(name)
        house.line.store.mark_recording(archived(entry), was=(SAVED,))
    for entry in house.line.store.recordings(SESSION):
        house.line.store.mark_recording(archived(entry), was=(EXPECTED, SAVED))
    house.line.spent()

    counts = house.sweep(60)

    assert counts == {"outstanding": 0}
    assert house.line.spent() == {"Query": 5, "UpdateItem": 1, "BatchGetItem": 1}
    assert (house.telnyx.asked, len(house.telnyx.stretches)) == ([], 1)
    assert house.noted.measured == {"RecordingsOutstanding": 0}


def test_the_webhook_that_comes_after_all_changes_nothing_but_the_job(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.sweep(6)
    before = house.line.store.recordings(SESSION)
    house.line.jobs()

    for number, event in enumerate(phone_call(house.line), start=1):
        if number in RECORDING_WEBHOOKS:
            form, of = ("mp3", 2) if number == 12 else ("wav", 1)
            urls = {form: f"https://recordings.example/{LEG}-{of:02d}-1790000000.{form}?X-Amz-Signature=f00"}
            house.line.deliver(event._replace(payload={**event.payload, "recording_urls": urls}))

    assert house.line.store.recordings(SESSION) == before
    assert {job.recording for job in jobs(house)} == {WHOLE_CALL, MESSAGE}


def test_the_webhook_comes_at_the_same_moment_as_the_sweep(house: Reconciling) -> None:
    house.play(without={12})
    events = list(phone_call(house.line))
    house.telnyx.recordings = [listed(1), listed(2)]
    urls = {"mp3": f"https://recordings.example/{LEG}-02-1790000000.mp3?X-Amz-Signature=f00"}
    message = events[11]._replace(payload={**events[11].payload, "recording_urls": urls})
    house.telnyx.before = lambda: house.line.deliver(message)

    house.sweep(6)

    assert house.entry(MESSAGE).status == SAVED
    assert [each.name for each in house.line.store.recordings(SESSION)].count(MESSAGE) == 1
    assert MESSAGE in {job.recording for job in jobs(house)}


def test_a_webhook_at_the_moment_of_the_last_try_wins(house: Reconciling) -> None:
    house.play()
    events = list(phone_call(house.line))
    urls = {"mp3": f"https://recordings.example/{LEG}-02-1790000000.mp3?X-Amz-Signature=f00"}
    message = events[11]._replace(payload={**events[11].payload, "recording_urls": urls})
    house.telnyx.before = lambda: house.line.deliver(message)

    house.sweep(9.5)

    assert house.entry(WHOLE_CALL).status == FAILED
    assert house.entry(MESSAGE).status == SAVED


def test_the_webhook_that_comes_after_the_failure_brings_the_recording_back(house: Reconciling) -> None:
    house.play()
    house.sweep(9.5)
    assert house.statuses() == [FAILED, FAILED]

    house.telnyx.recordings = [listed(2)]
    events = list(phone_call(house.line))
    urls = {"mp3": f"https://recordings.example/{LEG}-02-1790000000.mp3?X-Amz-Signature=f00"}
    house.line.deliver(events[11]._replace(payload={**events[11].payload, "recording_urls": urls}))

    assert house.entry(MESSAGE).status == SAVED
    assert house.due() == [MESSAGE]


# Nothing there


def test_what_telnyx_does_not_list_in_time_has_failed_with_its_reason_and_rings(house: Reconciling) -> None:
    house.play()

    house.sweep(6)
    assert house.statuses() == [EXPECTED, EXPECTED]
    assert "RecordingsMissing" not in house.noted.measured

    house.sweep(11)
    assert house.statuses() == [FAILED, FAILED]
    assert house.entry().reason == "Telnyx lists no such recording"
    assert house.noted.measured["RecordingsMissing"] == 2
    assert house.due() == []


@pytest.mark.parametrize("offset", [minute / 4 for minute in range(20)])
def test_every_recording_is_verified_or_rings_within_a_quarter_of_an_hour(house: Reconciling, offset: float) -> None:
    """However the sweeps lie to the hang-up."""
    house.play()

    for sweep in count():
        minutes = offset + 5 * sweep
        house.sweep(minutes)
        if house.noted.measured["RecordingsMissing"] == 2:
            break

    assert minutes < 14


def test_what_had_been_reported_as_an_error_keeps_telnyx_s_own_reason(house: Reconciling) -> None:
    house.play()
    for name in (WHOLE_CALL, MESSAGE):
        entry = house.entry(name)._replace(reason="Telnyx: Internal server error", identity=UNCERTAIN)
        house.line.store.mark_recording(entry, was=(EXPECTED,))

    house.sweep(10)

    assert house.entry().reason == "Telnyx lists no such recording; Telnyx: Internal server error"


def test_a_doubtful_one_is_taken_in_as_doubtful_and_what_was_asked_for_says_so(house: Reconciling) -> None:
    house.play()
    own = {"wav": f"https://recordings.example/{LEG}-1790000000.wav?X-Amz-Signature=f00"}
    house.telnyx.recordings = [listed(1), listed(2, 9.0, recording_id="r-9", channels="dual", download_urls=own)]

    house.sweep(6)

    doubtful = house.entry(f"{LEG}-03")
    assert (doubtful.status, doubtful.source, doubtful.identity) == (SAVED, UNASKED, UNCERTAIN)
    assert house.entry(MESSAGE).status == EXPECTED
    house.sweep(11)
    assert house.entry(MESSAGE).status == FAILED
    assert house.entry(MESSAGE).reason == f"Telnyx lists none under its name; {LEG}-03 may be it"


def test_what_telnyx_lists_and_nobody_asked_for_is_taken_in_as_unsolicited(house: Reconciling) -> None:
    house.play()
    own = {"wav": "https://recordings.example/a-profile-1790000000.wav?X-Amz-Signature=f00"}
    of_another_leg = listed(1, recording_id="r-8", call_leg_id="another-leg", download_urls=own)
    house.telnyx.recordings = [listed(1), listed(2), of_another_leg]

    counts = house.sweep(6)

    assert counts["recovered"] == 3
    found = house.entry("another-leg-01")
    assert (found.status, found.source, found.recording_id) == (SAVED, UNASKED, "r-8")
    assert "another-leg-01" in {job.recording for job in jobs(house)}


def test_what_is_known_is_not_taken_in_again(house: Reconciling) -> None:
    house.play(without={12})
    house.telnyx.recordings = [listed(1)]

    counts = house.sweep(6)

    assert "recovered" not in counts
    assert len(house.line.store.recordings(SESSION)) == 2


# Never made


def test_what_was_asked_for_when_the_call_had_ended_fails_without_an_alarm(house: Reconciling) -> None:
    house.play()
    late = house.entry(MESSAGE)._replace(requested_at="2026-09-21T12:00:11.000000Z")
    house.line.store.mark_recording(late, was=(EXPECTED,))
    house.telnyx.recordings = [listed(1)]

    house.sweep(10)

    assert house.entry(MESSAGE).reason == "not made: the call had ended when it was asked for"
    assert house.noted.measured["RecordingsNotMade"] == 1
    assert "RecordingsMissing" not in house.noted.measured


def test_what_was_promised_with_an_answer_that_never_came_fails_without_an_alarm(house: Reconciling) -> None:
    events = list(phone_call(house.line))
    house.line.deliver(events[0])
    house.line.deliver(events[10])
    assert house.statuses() == [EXPECTED]

    house.sweep(10)

    assert house.entry().reason == "not made: the call ended before it was answered"
    assert house.noted.measured == {"RecordingsOutstanding": 1, "RecordingsNotMade": 1, "OldestRecordingAge": 600}


def test_what_telnyx_never_took_the_command_for_fails_without_an_alarm(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1)]
    house.telnyx.commands = [TakenCommand("answer", LEG, f'{{"record_custom_file_name": "{WHOLE_CALL}"}}')]

    house.sweep(10)

    assert house.entry(MESSAGE).reason == NEVER_TAKEN
    assert house.noted.measured["RecordingsNotMade"] == 1
    assert "RecordingsMissing" not in house.noted.measured


def test_what_cannot_be_known_not_to_have_begun_rings(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1)]

    def fails_from_now_on() -> None:
        if house.telnyx.asked[-1].startswith("commands"):
            raise UNAVAILABLE

    house.telnyx.before = fails_from_now_on

    house.sweep(10)

    assert house.entry(MESSAGE).reason == "Telnyx lists no such recording"
    assert house.noted.measured["RecordingsMissing"] == 1


# Calls whose end is not known


def test_a_call_that_goes_on_is_looked_at_in_every_sweep_and_nothing_rings(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.calls[CONTROL] = CallInfo(is_alive=True, ended_at="")

    for minutes in range(5, 240, 5):
        house.sweep(minutes)

    asked = [each for each in house.telnyx.asked if not each.startswith("undelivered")]
    assert asked == 47 * [CONTROL], "once in each sweep, though two recordings are outstanding"
    assert house.statuses() == [EXPECTED, EXPECTED]
    assert house.noted.measured == {"RecordingsOutstanding": 94}


def test_a_call_whose_hang_up_was_lost_too_is_known_to_have_ended_by_telnyx(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.calls[CONTROL] = CallInfo(is_alive=False, ended_at="2026-09-21T12:00:11.000Z")
    house.telnyx.recordings = [listed(1), listed(2)]

    house.sweep(5)

    assert house.statuses() == [SAVED, SAVED]


@pytest.mark.parametrize(
    "call", [None, CallInfo(is_alive=False, ended_at=""), CallInfo(is_alive=False, ended_at="2099-01-01T00:00:00Z")]
)
def test_a_call_that_telnyx_does_not_know_any_more_has_ended(house: Reconciling, call: CallInfo | None) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.calls[CONTROL] = call

    house.sweep(10)

    assert house.statuses() == [FAILED, FAILED]
    assert house.noted.measured["RecordingsMissing"] == 2


def test_a_call_that_cannot_be_asked_about_has_ended_when_no_call_lasts_any_longer(house: Reconciling) -> None:
    house.play(without=RECORDING_WEBHOOKS | HANG_UP)
    house.telnyx.fault = UNAVAILABLE

    house.sweep(200)
    assert house.noted.measured == {"RecordingsOutstanding": 2, "SweepsIncomplete": 1}

    house.sweep(300)
    assert house.statuses() == [EXPECTED, EXPECTED]
    assert house.noted.measured["RecordingsOverdue"] == 2


def test_an_entry_without_its_call_is_settled_too(house: Reconciling) -> None:
    house.play()
    house.line.dynamodb.delete_item(
        TableName="calls", Key={"call_session_id": {"S": SESSION}, "item": {"S": f"LEG#{LEG}"}}
    )

    house.sweep(10)

    assert house.statuses() == [FAILED, FAILED]


# Saved, and not archived


def test_what_was_saved_and_not_archived_is_queued_again(house: Reconciling) -> None:
    house.play(without=())
    house.line.jobs()
    names = [each.name for each in house.line.store.recordings(SESSION) if each.status == SAVED]

    house.sweep(6)

    queued = jobs(house)
    assert sorted(job.recording for job in queued) == sorted(names)
    assert {(job.kind, job.call_session_id, job.call_leg_id, job.urls) for job in queued} == {
        ("audio", SESSION, LEG, None)
    }


@pytest.mark.parametrize("status", [SAVED, COPIED])
def test_it_is_queued_again_at_growing_pauses_and_given_up_after_a_day(house: Reconciling, status: str) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.sweep(6)
    for name in (WHOLE_CALL, MESSAGE):
        house.line.store.mark_recording(house.entry(name)._replace(status=status), was=(SAVED,))
    house.line.jobs()
    queued = []

    for minutes in range(11, int(A_DAY_MINUTES) + 400, 5):
        house.sweep(minutes)
        queued += [minutes for job in jobs(house) if job.recording == WHOLE_CALL]

    assert queued == [11, 26, 56, 116, 236, 476, 836, 1196]
    assert house.statuses() == [FAILED, FAILED]
    assert house.entry().reason == "given up after 24 hours: it was not archived"
    assert house.noted.measured["RecordingsMissing"] == 2
    assert house.due() == []


def test_a_fresh_one_is_left_to_its_job(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.sweep(6)
    house.line.jobs()
    for name in (WHOLE_CALL, MESSAGE):
        fresh = house.entry(name)._replace(ended_at="2026-09-21T12:07:00.000000Z")
        house.line.store.mark_recording(fresh, was=(SAVED,))

    house.sweep(11)

    assert jobs(house) == []


def test_a_recording_that_is_verified_between_the_index_and_the_sweep_is_left_alone(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.sweep(6)
    due = house.line.store.due_items(9e9, 10)
    for name in (WHOLE_CALL, MESSAGE):
        house.line.store.mark_recording(archived(house.entry(name)), was=(SAVED,))

    assert not any(house.line.store.move_due(each, each.due_at + 1) for each in due)
    assert house.sweep(11) == {"outstanding": 0}


# What goes wrong


@pytest.mark.parametrize("fault", [UNAVAILABLE, TelnyxRefused(401, "10009", "the key"), TelnyxRefused(403, "", "no")])
def test_telnyx_that_does_not_answer_fails_no_recording_and_rings_in_time(house: Reconciling, fault: Exception) -> None:
    house.play()
    house.telnyx.fault = fault

    for minutes in (6, 11, 16, 21):
        house.sweep(minutes)

    assert house.statuses() == [EXPECTED, EXPECTED]
    assert house.noted.measured["RecordingsOverdue"] == 2
    assert "RecordingsMissing" not in house.noted.measured
    house.telnyx.fault, house.telnyx.recordings = None, [listed(1), listed(2)]
    house.sweep(26)
    assert house.statuses() == [SAVED, SAVED]


def test_telnyx_that_does_not_answer_for_a_day_fails_them(house: Reconciling) -> None:
    house.play()
    house.telnyx.fault = UNAVAILABLE

    for minutes in range(6, int(A_DAY_MINUTES) + 400, 5):
        house.sweep(minutes)

    assert house.statuses() == [FAILED, FAILED]
    assert "given up after 24 hours: Telnyx is unavailable" in house.entry().reason
    assert house.noted.measured["RecordingsMissing"] == 2


def test_telnyx_is_not_asked_on_and_on_while_it_does_not_answer(house: Reconciling) -> None:
    house.play()
    entry = house.entry()
    for number in range(10):
        save_alike(house, entry, f"session-{number}")
    house.telnyx.fault = UNAVAILABLE

    counts = house.sweep(6)

    assert counts["outstanding"] == 12
    assert len(house.telnyx.asked) == MAX_FAILURES


class NoCalls(ListingTelnyx):
    """Telnyx, for a key that may not ask about calls."""

    def find_call(self, call_control_id: str) -> CallInfo | None:
        self.asked.append(call_control_id)
        raise TelnyxRefused(403, "10010", "not allowed")


def test_a_key_that_may_not_ask_about_calls_still_finds_recordings() -> None:
    questions = Questions(telnyx := NoCalls([listed(1)]))

    for number in range(MAX_FAILURES + 1):
        with pytest.raises(NotAnswered):
            questions.find_call(f"{CONTROL}{number}")

    assert questions.recordings_of(SESSION) == (listed(1),)
    assert telnyx.asked == [*(f"{CONTROL}{number}" for number in range(MAX_FAILURES)), SESSION]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "processing"},
        {"download_urls": {}},
        {"recording_id": ""},
        {"started_at": "yesterday"},
        {"started_at": ""},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_listed_and_cannot_be_taken_in_yet_is_not_failed_as_missing(
    house: Reconciling, wrong: dict[str, object]
) -> None:
    house.play()
    house.telnyx.recordings = [listed(1)._replace(**wrong), listed(2)._replace(**wrong)]  # type: ignore[arg-type]

    for minutes in (6, 11):
        house.sweep(minutes)

    assert house.statuses() == [EXPECTED, EXPECTED]
    assert house.noted.measured["RecordingsOverdue"] == 2


def test_recordings_of_other_calls_are_passed_over_whatever_telnyx_lists(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1, call_session_id="another"), listed(2, call_session_id="")]

    house.sweep(10)

    assert house.statuses() == [FAILED, FAILED]


def test_an_end_that_is_no_time_is_left_out(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1, ended_at="later"), listed(2, ended_at="", created_at="")]

    house.sweep(6)

    assert house.statuses() == [SAVED, SAVED]


def test_a_webhook_function_that_is_down_fails_no_recording(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.webhook_down = True

    counts = house.sweep(6)
    assert counts["faults"] == 2
    house.sweep(11)
    assert house.statuses() == [EXPECTED, EXPECTED]
    assert house.noted.measured["SweepsIncomplete"] == 2
    assert house.noted.measured["RecordingsOverdue"] == 2

    house.webhook_down = False
    house.sweep(26)
    assert house.statuses() == [SAVED, SAVED]


class MeetingTable(CallsTable):
    """Lets something happen between a sweep's look into the index and its claim, once."""

    meanwhile: Callable[[], object] | None = None

    def due_items(self, now_seconds: float, most: int) -> tuple[DueItem, ...]:
        found = super().due_items(now_seconds, most)
        happen, MeetingTable.meanwhile = MeetingTable.meanwhile, None
        if happen:
            happen()
        return found


@pytest.mark.parametrize("minutes", [6, 11])
def test_of_two_sweeps_that_find_the_same_only_one_acts(house: Reconciling, minutes: float) -> None:
    house.play()
    house.telnyx.fault = UNAVAILABLE
    house.store = MeetingTable(house.line.dynamodb, house.line.table)
    MeetingTable.meanwhile = lambda: house.sweep(minutes)

    house.sweep(minutes)

    assert house.telnyx.asked == [SESSION]
    assert house.noted.measured["RecordingsOverdue"] == (2 if minutes > 9 else 0)


def test_a_sweep_that_comes_after_another_has_taken_recordings_in_sees_that(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.store = MeetingTable(house.line.dynamodb, house.line.table)
    MeetingTable.meanwhile = lambda: house.sweep(6)

    house.sweep(6)

    assert house.telnyx.asked == [SESSION]
    assert house.statuses() == [SAVED, SAVED]
    assert {job.recording for job in jobs(house)} == {WHOLE_CALL, MESSAGE}


def test_what_is_settled_between_the_index_and_the_claim_stays_as_it_is(house: Reconciling) -> None:
    house.play()
    house.store = MeetingTable(house.line.dynamodb, house.line.table)

    def verified() -> None:
        for name in (WHOLE_CALL, MESSAGE):
            house.line.store.mark_recording(house.entry(name)._replace(status=VERIFIED), was=(EXPECTED,))

    MeetingTable.meanwhile = verified

    house.sweep(10)

    assert house.statuses() == [VERIFIED, VERIFIED]
    assert house.noted.measured == {"RecordingsOutstanding": 2}


def test_a_queue_that_is_down_rings_in_time_and_the_job_is_put_when_it_is_up(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.sweep(6)
    house.line.jobs()
    house.line.spent()
    house.line.faults.plan, house.line.faults.place = {8: "lost"}, 0

    counts = house.sweep(11)

    assert house.line.wire.requests[8] == "SendMessage"
    assert (counts["faults"], counts["overdue"]) == (1, 2)
    assert house.noted.measured["RecordingsOverdue"] == 2
    house.sweep(16)
    assert {job.recording for job in jobs(house)} == {WHOLE_CALL, MESSAGE}


def test_without_time_left_the_calls_are_left_to_the_next_sweep(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]

    counts = house.sweep(6, deadline=time.monotonic() + 5)

    assert counts == {"outstanding": 2, "left": 3}
    assert house.noted.measured["SweepsIncomplete"] == 1
    assert house.sweep(6)["recovered"] == 2


class ThrottledTable(CallsTable):
    """A table one of whose calls cannot be read."""

    def recordings(self, call_session_id: str, call_leg_id: str = "") -> tuple[Recording, ...]:
        if call_session_id == SESSION:
            throttled: Any = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
            raise ClientError(throttled, "Query")
        return super().recordings(call_session_id, call_leg_id)


def test_a_call_that_is_throttled_does_not_keep_those_behind_it_from_being_looked_at(house: Reconciling) -> None:
    house.play()
    save_alike(house, house.entry()._replace(requested_at="2026-09-21T12:00:10.000000Z"), "behind")
    house.telnyx.recordings = [listed(1), listed(2)]
    house.store = ThrottledTable(house.line.dynamodb, house.line.table)

    counts = house.sweep(6)

    assert (counts["outstanding"], counts["faults"]) == (3, 1)
    assert house.telnyx.asked == ["behind"]
    [reason] = [fields["reason"] for _, message, fields in house.noted.lines if message == "call not looked at"]
    assert "ThrottlingException" in reason
    house.store = None
    assert house.sweep(11)["recovered"] == 2


def test_a_settled_entry_that_an_earlier_version_left_in_the_index_leaves_it(house: Reconciling) -> None:
    house.play()
    items = house.line.dynamodb._client.items()  # type: ignore[attr-defined]  # noqa: SLF001 -- the table in memory
    for item in [each for each in items if each["item"]["S"].startswith("RECORDING#")]:
        settled = {"status": {"S": VERIFIED}, "transcription": {"NULL": True}}
        verified: Any = {"TableName": "calls", "Item": {**item, **settled}}
        house.line.dynamodb.transact_write_items(TransactItems=[{"Put": verified}])
    assert sorted(house.due()) == [WHOLE_CALL, MESSAGE]

    house.sweep(6)

    assert house.due() == []
    assert house.statuses() == [VERIFIED, VERIFIED]
    assert house.noted.measured == {"RecordingsOutstanding": 2}


REQUESTS = 18
"""Of a sweep over a call with two recordings, with its deliveries to the webhook function."""


def test_the_faults_below_are_tried_at_every_request(house: Reconciling) -> None:
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.line.spent()

    house.sweep(6)

    spent = house.line.spent()
    taken_in = dict.fromkeys(("TransactWriteItems", "SendMessage"), 2)
    assert spent == {"Query": 8, "UpdateItem": 3, "BatchGetItem": 3, **taken_in}
    assert sum(spent.values()) == REQUESTS


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(REQUESTS))
def test_one_fault_anywhere_costs_a_sweep_at_most(flows: Path, place: int, fault: Fault) -> None:
    """Killed before or after any request, the webhook function's while it takes a recording in included."""
    house = reconciling(flows)
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    house.line.faults.plan, house.line.faults.place = {place: fault}, 0

    with suppress(Died, BotoCoreError):  # Lambda reports it, and calls again in five minutes
        house.sweep(6)
    house.line.faults.plan = {}
    queued = {job.recording for job in jobs(house)}
    house.sweep(11)

    assert house.statuses() == [SAVED, SAVED]
    assert queued | {job.recording for job in jobs(house)} == {WHOLE_CALL, MESSAGE}
    assert [entry.event_type for entry in house.line.store.timeline(SESSION)].count("call.recording.saved") == 2


def test_the_first_look_is_within_the_quarter_of_an_hour_of_the_shortest_call() -> None:
    assert FIRST_LOOK_SECONDS <= 9 * 60


def reported(house: Reconciling, name: str) -> Event:
    """Give the webhook's event of a recording, its file named as was asked for."""
    number, form = (13, "wav") if name == WHOLE_CALL else (12, "mp3")
    event = list(phone_call(house.line))[number - 1]
    urls = {form: f"https://recordings.example/{name}-1790000000.{form}?X-Amz-Signature=f00"}
    return event._replace(payload={**event.payload, "recording_urls": urls})


MOMENTS = ("before", "between", "after", "never")


@settings(
    max_examples=5 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    plan=st.dictionaries(st.integers(0, 60), st.sampled_from(FAULTS), max_size=10),
    whole=st.sampled_from(MOMENTS),
    message=st.sampled_from(MOMENTS),
    down=st.sets(st.sampled_from([6, 11]), max_size=2),
)
def test_whatever_fails_and_whenever_a_webhook_comes_each_recording_is_saved_once_and_queued(
    flows: Path, plan: dict[int, Fault], whole: str, message: str, down: set[int]
) -> None:
    house = reconciling(flows)
    house.play()
    house.telnyx.recordings = [listed(1), listed(2)]
    comes = {WHOLE_CALL: whole, MESSAGE: message}

    def webhooks(moment: str) -> None:
        for name in (name for name, when in comes.items() if when == moment):
            house.line.deliver_until_done(reported(house, name))

    house.line.faults.plan, house.line.faults.place = dict(plan), 0
    webhooks("before")
    for minutes in (6, 11):
        house.telnyx.fault = UNAVAILABLE if minutes in down else None
        with suppress(Died, BotoCoreError):
            house.sweep(minutes)
        webhooks("between" if minutes == 6 else "after")
    house.line.faults.plan, house.telnyx.fault = {}, None
    for minutes in (16, 21, 26, 31):
        house.sweep(minutes)

    assert house.statuses() == [SAVED, SAVED]
    assert {job.recording for job in jobs(house)} == {WHOLE_CALL, MESSAGE}


def test_many_calls_are_looked_at_together_and_each_once(house: Reconciling) -> None:
    house.play()
    entry, calls = house.entry(), 60
    for number in range(calls):
        save_alike(house, entry, f"session-{number}")
    house.telnyx.recordings = []

    house.sweep(10, at_once=8)

    assert house.noted.measured["RecordingsMissing"] == calls + 2
    asked = [each for each in house.telnyx.asked if not each.startswith("commands")]
    assert sorted(asked) == sorted([SESSION, *(f"session-{number}" for number in range(calls))])
    assert house.due() == []
