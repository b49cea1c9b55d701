"""Calls whose recordings are never reported: after a sweep, the ledger is as if they had been."""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.domain.events import TELNYX_EVENT
from dialtone.domain.recordings import CERTAIN, EXPECTED, FAILED, SAVED, UNASKED
from infra.carrier import (
    ApiFault,
    Application,
    Caller,
    HangUp,
    Hear,
    Person,
    Press,
    Request,
    Silence,
    WebhookFault,
)
from infra.carrier.account import AGENT, CONNECTION_ID
from infra.demo import scenes
from infra.flowkit.stage import Stage
from reconcile.dependencies import Dependencies
from reconcile.overdue import NEVER_TAKEN
from reconcile.sweep import Sweep
from tests.integration.reconciling import Erasures, Noted
from tests.simulation.carrier_questions import CarrierQuestions
from tests.simulation.plays import PLAYS

SAVED_EVENT, HANG_UP = "call.recording.saved", "call.hangup"
HOUR_SECONDS = 3_600
SWEEP_SECONDS = 300
SWEEPS = 6
"""Of five minutes each: more than until every recording is settled."""


class SweptStage(Stage):
    """A stage with sweeps."""

    noted: Noted
    meanwhile = False
    """Whether it sweeps while calls go on, and not only after them."""

    def ring(self, number: str, caller: Caller) -> str:
        """As Stage's."""
        if not self.meanwhile:
            return super().ring(number, caller)
        line = self.call("+15550142", number, caller)
        while not self.carrier.quiet:
            self.sweep()
        return line.name.call_session_id

    def sweep(self) -> Mapping[str, int]:
        """Let five minutes pass, and sweep."""
        self.carrier.run_for(SWEEP_SECONDS)
        published = FlowVersionsTable(self.table, "calls")  # type: ignore[arg-type]
        dependencies = Dependencies(self.store, self.jobs, self._deliver, Erasures(), published)  # type: ignore[arg-type]
        sweep = Sweep(dependencies, CarrierQuestions(self), self.noted, calls_at_once=1)  # type: ignore[arg-type]
        now = self.carrier.clock.datetime(self.carrier.clock.now).timestamp()
        return sweep.run(now, time.monotonic() + 600)

    def _post(self, request: Request, timeout_seconds: float) -> int:
        """As Stage's; another application has its webhooks elsewhere."""
        ours = json.loads(request.body)["data"]["payload"]["connection_id"] == CONNECTION_ID
        return super()._post(request, timeout_seconds) if ours else 200

    def _deliver(self, event: Mapping[str, Any]) -> str:
        status = self._status(self.endpoint.handle({TELNYX_EVENT: event[TELNYX_EVENT]}))
        return "" if status == 200 else f"it answered {status}"


def swept(play: str, *lost: str, unasked: Collection[str] = (), meanwhile: bool = False) -> tuple[SweptStage, str]:
    """Play a call of which these events never arrive, and sweep until all is settled; `meanwhile` during it, too.

    `unasked` is what Telnyx does not answer about.
    """
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    for event_type in lost:
        stage.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type=event_type, times=100)
    for action in unasked:
        stage.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action=action, times=1_000)
    stage.meanwhile = meanwhile
    session = PLAYS[play](stage)
    for _ in range(SWEEPS):
        stage.sweep()
    return stage, session


@pytest.mark.parametrize("lost", [(SAVED_EVENT,), (SAVED_EVENT, HANG_UP)], ids=["reports", "reports and hang-ups"])
@pytest.mark.parametrize("play", PLAYS)
def test_every_recording_that_the_carrier_has_is_in_the_ledger_and_on_the_queue(
    play: str, lost: tuple[str, ...]
) -> None:
    stage, session = swept(play, *lost)

    entries = stage.store.recordings(session)
    made = [each for each in stage.carrier.recordings.saved() if each.leg.name.call_session_id == session]
    assert [each.status for each in entries if each.status == EXPECTED] == []
    assert {each.recording_id for each in entries if each.status == SAVED} == {each.id for each in made}
    assert {job.recording for job in stage.jobs.put_jobs if job.kind == "audio"} == {
        each.name for each in entries if each.status == SAVED
    }
    assert {each.identity for each in entries if each.status == SAVED} <= {CERTAIN}


@pytest.mark.parametrize("play", ["a recorded conversation", "a message ended by hanging up"])
def test_the_end_state_is_that_of_a_call_whose_recordings_were_reported(play: str) -> None:
    reported = Stage(seed=7)
    reported_session = PLAYS[play](reported)

    stage, session = swept(play, SAVED_EVENT)

    end, end_reported = stage.end_state(session), reported.end_state(reported_session)
    assert end.legs == end_reported.legs
    assert [(each.status, each.identity, each.channels) for each in end.recordings] == [
        (each.status, each.identity, each.channels) for each in end_reported.recordings
    ]


def test_no_alarm_rings_where_every_recording_was_found() -> None:
    stage, _ = swept("a recorded conversation", SAVED_EVENT)

    assert "RecordingsMissing" not in stage.noted.measured


def test_a_recording_whose_start_never_reached_telnyx_is_known_to_be_not_made() -> None:
    """Its caller has hung up by the time that it is sent again: Telnyx's own account shows that it never took it."""
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    stage.carrier.faults.disturb_api(ApiFault.UNAVAILABLE, action="record_start", times=1_000)

    session = stage.ring("+15550100", Caller(Hear("Welcome"), Press("2", after=1), Silence(20), HangUp()))
    for _ in range(SWEEPS):
        stage.sweep()

    [entry] = stage.store.recordings(session)
    assert (entry.status, entry.reason) == (FAILED, NEVER_TAKEN)
    assert stage.noted.measured["RecordingsNotMade"] == 1
    assert stage.noted.measured.keys() <= {
        "OldestRecordingAge",
        "RecordingsOutstanding",
        "RecordingsNotMade",
    }


def test_a_recording_that_telnyx_began_and_lost_rings() -> None:
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    stage.carrier.recordings.fail_next("Internal server error")
    stage.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type="call.recording.error")

    session = PLAYS["a recorded conversation"](stage)
    for _ in range(SWEEPS):
        stage.sweep()

    [entry] = stage.store.recordings(session)
    assert (entry.status, entry.reason) == (FAILED, "Telnyx lists no such recording")
    assert stage.noted.measured["RecordingsMissing"] == 1


def test_what_a_number_records_by_itself_and_nobody_reports_is_taken_in_and_another_application_s_is_not() -> None:
    """Nothing in the ledger waits for it: the sweep compares all that Telnyx has recorded."""
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    ours = replace(stage.carrier.exchange.applications[CONNECTION_ID], records_incoming_calls=True)
    stage.carrier.add_application(ours, ["+15550100"])
    theirs = Application("another", "https://another.invalid/webhooks", records_incoming_calls=True)
    stage.carrier.add_application(theirs, ["+15550199"])
    stage.carrier.faults.disturb_webhooks(WebhookFault.LOST, times=100, event_type=SAVED_EVENT)

    other = stage.carrier.call("+15550143", "+15550199", Caller(Silence(20), HangUp()))
    session = stage.ring("+15550100", Caller(Hear("Welcome"), Press("1", after=1), Silence(60)))
    stage.carrier.store_recording(other, 5)
    assert stage.store.recordings(session) == ()
    for _ in range(SWEEPS):
        stage.sweep()

    [entry] = stage.store.recordings(session)
    assert (entry.status, entry.source, entry.identity) == (SAVED, UNASKED, CERTAIN)
    assert stage.noted.measured["RecordingsRecovered"] == 1
    assert len(stage.carrier.recordings.saved()) == 2
    assert stage.store.recordings(other.name.call_session_id) == ()


def test_a_long_call_rings_nothing_while_it_goes_on_and_loses_nothing_when_it_ends() -> None:
    stage = SweptStage(seed=7)
    stage.noted = Noted()
    for event_type in (SAVED_EVENT, HANG_UP):
        stage.carrier.faults.disturb_webhooks(WebhookFault.LOST, event_type=event_type, times=100)
    *steps, _ = scenes.RECORDED.script.steps
    stage.carrier.add_callee(AGENT, Person(Silence(3 * HOUR_SECONDS)))
    line = stage.call("+15550143", scenes.RECORDED.number, Caller(*steps, Silence(2 * HOUR_SECONDS), HangUp()))

    while not line.leg.ended:
        assert stage.noted.measured.keys() <= {"RecordingsOutstanding", "RecordingsRecovered"}
        stage.sweep()
    ended = stage.carrier.clock.now
    stage.sweep()

    assert ended > 2 * HOUR_SECONDS
    [entry] = stage.store.recordings(line.name.call_session_id)
    assert entry.status == SAVED
