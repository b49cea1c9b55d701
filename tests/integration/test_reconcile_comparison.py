"""What Telnyx has recorded and nothing in the ledger waits for is taken in, once; what is not ours is left alone."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.telnyx_api import RecordingInfo
from dialtone.domain.errors import TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.recordings import EXPECTED, SAVED, UNASKED, ArchiveJob
from reconcile.comparison import FIRST_SECONDS, MOST_PAGES, OVERLAP_SECONDS, STRETCH_SECONDS, Comparison
from reconcile.dependencies import Dependencies
from reconcile.overdue import DELIVERIES_SECONDS
from reconcile.report import Report
from reconcile.telnyx_listing import created_seconds
from reconcile.telnyx_queries import Questions
from tests.integration.deliveries import BEGAN, LEG, SESSION, phone_call
from tests.integration.dependencies import FAULTS, Died, Fault
from tests.integration.reconciling import (
    HANG_UP_SECONDS,
    MESSAGE,
    WHOLE_CALL,
    Reconciling,
    archived,
    listed,
    reconciling,
)

OWN = {"wav": f"https://recordings.example/{LEG}-1790000000.wav?X-Amz-Signature=f00"}
"""The name that Telnyx gives the file of a recording that no command asked for."""
CONNECTION = "7267xxxxxxxxxxxxxx"
"""Of the call's application, by deliveries.py."""
WEEK_MINUTES = 7 * 24 * 60


@pytest.fixture
def house(flows: Path) -> Reconciling:
    """A call that is over, all of whose recordings are verified: nothing is outstanding."""
    house = reconciling(flows)
    house.play(without=())
    for entry in house.line.store.recordings(SESSION):
        house.line.store.mark_recording(archived(entry), was=(EXPECTED, SAVED))
    house.line.jobs()
    return house


def unsolicited(minutes: float = 0.0, **changes: Any) -> RecordingInfo:  # noqa: ANN401 -- any field
    """One that the number itself made of the call, saved so many minutes after the hang-up."""
    created = BEGAN + timedelta(seconds=HANG_UP_SECONDS, minutes=minutes)
    given = {"recording_id": "r-9", "created_at": created.isoformat(), "download_urls": OWN}
    return listed(1, 0.4, **(given | changes))


def webhook_of(house: Reconciling, recording: RecordingInfo) -> Event:
    """Its webhook as Telnyx describes it, without an id."""
    event = list(phone_call(house.line))[12]
    said = {
        "recording_started_at": recording.started_at,
        "recording_urls": recording.download_urls,
        "recording_id": None,
    }
    return event._replace(id="another", payload={**event.payload, **said})


def one_by_one(looks: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Make looks, as a sweep does in threads."""
    for _, look in looks:
        look()


def taken_in(house: Reconciling) -> list[ArchiveJob]:
    """The archive's jobs of recordings that were not asked for."""
    jobs = map(ArchiveJob.from_json, house.line.jobs())
    return [job for job in jobs if job.kind == "audio" and job.recording not in {WHOLE_CALL, MESSAGE}]


def test_a_recording_that_nobody_asked_for_is_taken_in_though_nothing_of_its_call_is_outstanding(
    house: Reconciling,
) -> None:
    house.telnyx.account = [unsolicited(connection_id=CONNECTION)]

    counts = house.sweep(6)

    assert counts == {"outstanding": 0, "recovered": 1}
    [job] = taken_in(house)
    entry = house.entry(job.recording)
    assert (entry.status, entry.source, entry.recording_id) == (SAVED, UNASKED, "r-9")
    assert house.telnyx.asked == []


def test_it_is_taken_in_once_however_often_it_is_listed_and_though_its_webhook_comes_after_all(
    house: Reconciling,
) -> None:
    house.telnyx.account = [unsolicited()]
    for minutes in (3, 4, 6, 11):
        house.sweep(minutes)
    house.line.deliver(webhook_of(house, house.telnyx.account[0]))

    house.sweep(16)

    assert [each.recording_id for each in house.line.store.recordings(SESSION)].count("r-9") == 1
    assert len(house.line.store.recordings(SESSION)) == 3
    assert house.noted.measured["RecordingsRecovered"] == 1


def test_one_whose_webhook_may_still_come_is_left_to_it(house: Reconciling) -> None:
    house.telnyx.account = [unsolicited(minutes=5)]

    house.sweep(6.9)
    assert len(house.line.store.recordings(SESSION)) == 2

    house.sweep(7.1)
    assert len(house.line.store.recordings(SESSION)) == 3


@pytest.mark.parametrize(
    "not_ours",
    [unsolicited(connection_id="another"), unsolicited(call_session_id="another"), unsolicited(call_session_id="")],
    ids=["application", "call", "no call"],
)
def test_what_another_application_of_the_account_recorded_is_left_alone(
    house: Reconciling, not_ours: RecordingInfo
) -> None:
    house.telnyx.account = [not_ours]

    house.sweep(6)

    assert taken_in(house) == []
    assert house.noted.measured == {"RecordingsOutstanding": 0}


def test_one_of_an_erased_call_is_refused(house: Reconciling) -> None:
    house.telnyx.account = [unsolicited()]
    house.erased.sessions.add(SESSION)

    counts = house.sweep(6)

    assert (counts["refused"], house.erased.refused, taken_in(house)) == (1, [SESSION], [])


def test_a_callee_s_recording_that_was_reported_is_known_under_the_leg_that_dialled(house: Reconciling) -> None:
    """Its entry has another leg, and no id where the webhook gave none: the file's name tells."""
    theirs = {"wav": "https://recordings.example/callee-1790000000.wav?X-Amz-Signature=f00"}
    of_callee = unsolicited(call_leg_id="callee", download_urls=theirs)
    house.line.deliver(webhook_of(house, of_callee))
    house.telnyx.account = [of_callee]

    house.sweep(6)

    assert len(house.line.store.recordings(SESSION)) == 3
    assert "RecordingsRecovered" not in house.noted.measured


def test_what_the_webhook_function_does_not_take_is_tried_for_a_week_and_then_rings(house: Reconciling) -> None:
    house.telnyx.account = [unsolicited()]
    house.webhook_down = True
    counts = [house.sweep(minutes) for minutes in (6, 11, WEEK_MINUTES - 1)]
    assert all(each["faults"] for each in counts), "sweeps-incomplete rings meanwhile"
    assert "RecordingsMissing" not in house.noted.measured

    house.sweep(WEEK_MINUTES + 4)
    house.sweep(WEEK_MINUTES + 9)

    assert house.noted.measured["RecordingsMissing"] == 1
    assert house.telnyx.stretches[-1][0] > created_seconds(unsolicited())


@pytest.mark.parametrize("minutes", [1, 100, WEEK_MINUTES - 100])
def test_what_cannot_be_taken_in_holds_up_no_other(house: Reconciling, minutes: float) -> None:
    stuck, other = unsolicited(download_urls={}), unsolicited(minutes=minutes, recording_id="r-10")
    house.telnyx.account = [stuck, other]
    house.sweep(3)

    house.sweep(minutes + 3)

    assert [job.recording_id for job in taken_in(house)] == ["r-10"]
    assert len(house.telnyx.stretches) < 15


def test_what_there_was_no_time_to_look_at_is_never_given_up(house: Reconciling) -> None:
    """After an outage of more than a week: its pages are read, and then the sweep's time is over."""
    house.sweep(-30)
    house.telnyx.account = [unsolicited()]
    late = WEEK_MINUTES + 60
    store, queue = house.line.store, ArchiveQueue(house.line.sqs, house.line.queue_url)
    published = FlowVersionsTable(house.line.dynamodb, house.line.table)
    dependencies = Dependencies(store, queue, house.deliver, house.erased, published)  # type: ignore[arg-type]
    comparison = Comparison(
        dependencies=dependencies,
        questions=Questions(house.telnyx),
        report=Report(house.noted),  # type: ignore[arg-type]
        now=created_seconds(unsolicited()) + late * 60,
        has_time=iter([True] * 2 + [False] * 99).__next__,
        together=one_by_one,
    )

    comparison.run()
    assert taken_in(house) == []

    house.sweep(late + 5)

    assert "RecordingsMissing" not in house.noted.measured
    assert len(taken_in(house)) == 1


def test_after_an_outage_it_goes_on_where_it_stood_whatever_the_length(house: Reconciling) -> None:
    house.sweep(6)
    house.telnyx.account = [unsolicited(minutes=50)]
    house.telnyx.fault = TelnyxUnavailable("server-error", 2, None)
    counts = [house.sweep(minutes) for minutes in range(11, 300, 5)]
    house.telnyx.fault = None
    house.telnyx.stretches.clear()

    house.sweep(300)

    assert all(each["faults"] for each in counts)
    assert len(taken_in(house)) == 1
    first, *_ = [until - since - OVERLAP_SECONDS for since, until in house.telnyx.stretches]
    assert (first, len(house.telnyx.stretches)) == (STRETCH_SECONDS, 4)
    for (_, until), (since, _) in zip(house.telnyx.stretches, house.telnyx.stretches[1:], strict=False):
        assert since == until - OVERLAP_SECONDS


def test_a_new_stack_does_not_take_in_what_was_there_before_it(house: Reconciling) -> None:
    house.telnyx.account = [unsolicited()]

    house.sweep(FIRST_SECONDS / 60 + OVERLAP_SECONDS / 60 + DELIVERIES_SECONDS / 60 + 1)

    assert taken_in(house) == []


def test_all_pages_are_read_and_a_sweep_has_its_most(house: Reconciling) -> None:
    house.telnyx.page_size = 1
    others = [unsolicited(call_session_id=f"another {number}") for number in range(MOST_PAGES)]
    house.telnyx.account = [*others[1:], unsolicited()]

    assert "left" not in house.sweep(6)
    assert len(taken_in(house)) == 1

    house.telnyx.account = [*others, unsolicited()]
    counts = house.sweep(8)
    assert (counts["left"], house.noted.measured["SweepsIncomplete"]) == (1, 1)
    assert house.line.store.compared_until() == house.telnyx.stretches[0][1]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(12))
def test_one_fault_anywhere_costs_a_sweep_and_leaves_one_recording(
    house: Reconciling, place: int, fault: Fault
) -> None:
    house.telnyx.account = [unsolicited()]
    house.line.faults.plan, house.line.faults.place = {place: fault}, 0
    with suppress(Died, BotoCoreError):  # Lambda reports it, and calls again in five minutes
        house.sweep(6)
    house.line.faults.plan = {}
    queued = taken_in(house)

    house.sweep(11)

    assert len(house.line.store.recordings(SESSION)) == 3
    assert queued + taken_in(house)
    assert [entry.event_type for entry in house.line.store.timeline(SESSION)].count("call.recording.saved") == 3
