"""What a sweep meets: a phone line whose webhooks were lost, a Telnyx that lists recordings, and what goes wrong."""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable, StoreUnavailable
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.telemetry import Level, Measure
from dialtone.adapters.telnyx_api import (
    CallInfo,
    RecordingInfo,
    RecordingsPage,
    ReportedEvent,
    TakenCommand,
    TranscriptInfo,
)
from dialtone.domain.calls import Call
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.events import TELNYX_EVENT, Event, parse_event
from dialtone.domain.recordings import COMPLETED, VERIFIED, Recording
from reconcile.dependencies import Dependencies
from reconcile.sweep import Sweep
from reconcile.telnyx_listing import created_seconds
from tests.integration.deliveries import BEGAN, LEG, SESSION, phone_call
from tests.integration.dependencies import Line

HANG_UP_SECONDS = 11
"""Of deliveries.PHONE_CALL, since it began."""
RECORDING_WEBHOOKS = frozenset({12, 13})
HANG_UP = frozenset({11})
WHOLE_CALL, MESSAGE = f"{LEG}-01", f"{LEG}-02"
MINUTE = 60
PLENTY_SECONDS = 600.0


def listed(number: int, seconds: float = 0, /, **changes: Any) -> RecordingInfo:  # noqa: ANN401 -- any field
    """Give what Telnyx lists of one of the call's recordings, the file named as was asked for."""
    at = {
        name: (BEGAN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        for name, second in {
            "started_at": seconds or (2.2 if number == 1 else 8.6),
            "ended_at": HANG_UP_SECONDS,
            "created_at": HANG_UP_SECONDS + 1.2,
        }.items()
    }
    form, channels = ("wav", "dual") if number == 1 else ("mp3", "single")
    given: dict[str, Any] = {
        "recording_id": f"r-{number}",
        "call_leg_id": LEG,
        "call_session_id": SESSION,
        "channels": channels,
        "status": "completed",
        "duration_millis": 2_000,
        "download_urls": {form: f"https://recordings.example/{LEG}-{number:02d}-1790000000.{form}?X-Amz-Signature=f00"},
        **at,
    }
    return RecordingInfo(**(given | changes))


def archived(entry: Recording) -> Recording:
    """Give an entry as the archive leaves it, its transcript included."""
    done = entry.transcription and entry.transcription._replace(status=COMPLETED)
    return entry._replace(status=VERIFIED, transcription=done)


@dataclass(slots=True)
class ListingTelnyx:
    """Telnyx's API, as far as a sweep asks it."""

    recordings: list[RecordingInfo] = field(default_factory=list)
    calls: dict[str, CallInfo | None] = field(default_factory=dict)
    commands: list[TakenCommand] = field(default_factory=list)
    """Those that it has taken."""
    lost: list[Mapping[str, object]] = field(default_factory=list)
    """The events that it could not deliver."""
    account: list[RecordingInfo] = field(default_factory=list)
    """All recordings of the account."""
    transcripts: list[TranscriptInfo] = field(default_factory=list)
    page_size: int = 250
    stretches: list[tuple[float, float]] = field(default_factory=list)
    """For which times the account's recordings were asked for."""
    events: list[ReportedEvent] = field(default_factory=list)
    """Those that it shows of the call."""
    fault: Exception | None = None
    """What every question meets."""
    asked: list[str] = field(default_factory=list)
    before: Callable[[], object] = lambda: None
    """Called with each question: for what others do meanwhile."""

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """Answer, whatever the session."""
        self._ask(call_session_id)
        return tuple(self.recordings)

    def recordings_created(self, since_seconds: float, until_seconds: float, page: int = 1) -> RecordingsPage:
        """Answer, by when they were created."""
        self.stretches.append((since_seconds, until_seconds))
        if self.fault:
            raise self.fault
        within = [each for each in self.account if since_seconds <= created_seconds(each) <= until_seconds]
        shown = within[(page - 1) * self.page_size : page * self.page_size]
        return RecordingsPage(tuple(shown), len(within) > page * self.page_size)

    def transcripts_of(self, recording_id: str) -> tuple[TranscriptInfo, ...]:
        """Answer."""
        self._ask(f"transcripts of {recording_id}")
        return tuple(each for each in self.transcripts if each.recording_id == recording_id)

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """Answer."""
        self._ask(call_control_id)
        return self.calls.get(call_control_id)

    def commands_since(self, call_session_id: str, since_seconds: float) -> tuple[TakenCommand, ...]:
        """Answer, whatever the time."""
        del since_seconds
        self._ask(f"commands of {call_session_id}")
        return tuple(self.commands)

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """Answer, whatever the time."""
        del since_seconds
        self._ask(f"events of {call_session_id}")
        return tuple(self.events)

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """Answer, whatever the time."""
        del since_seconds
        self._ask(f"undelivered of {call_session_id}")
        return tuple(self.lost)

    def _ask(self, about: str) -> None:
        self.asked.append(about)
        self.before()
        if self.fault:
            raise self.fault


@dataclass(slots=True)
class Noted:
    """An observer that keeps what is reported to it."""

    measured: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Keep a line; a traceback is a bug, and says so."""
        self.lines.append((level, message, dict(fields)))
        if failed:
            raise AssertionError(f"{message}: {dict(fields)}")

    def measure(self, *measures: Measure) -> None:
        """Add values up."""
        for each in measures:
            self.measured[each.name] += int(each.value)


@dataclass(slots=True)
class Erasures:
    """Which calls were erased, as the receipts in a bucket say."""

    sessions: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    def has(self, call_session_id: str) -> bool:
        """Whether there is a receipt."""
        return call_session_id in self.sessions

    def refuse(self, call_session_id: str) -> tuple[Recording, ...]:
        """Note that it was refused; integration/test_erasure.py has the real one."""
        self.refused.append(call_session_id)
        return ()


@dataclass(slots=True)
class Reconciling:
    """A line on which calls were played, and the sweeps after it."""

    line: Line
    telnyx: ListingTelnyx = field(default_factory=ListingTelnyx)
    noted: Noted = field(default_factory=Noted)
    webhook_down: bool = False
    erased: Erasures = field(default_factory=Erasures)
    store: CallsTable | None = None
    """The sweeps' own, if it is not the line's."""

    def play(
        self, without: Collection[int] = RECORDING_WEBHOOKS, call: Callable[[Line], Iterator[Event]] = phone_call
    ) -> None:
        """Let a phone call happen; the events of these numbers are never delivered."""
        for number, event in enumerate(call(self.line), start=1):
            if number not in without:
                self.line.deliver(event)

    def sweep(self, minutes: float, *, deadline: float | None = None, at_once: int = 1) -> Mapping[str, int]:
        """Sweep so many minutes after the hang-up."""
        store = self.store or self.line.store
        queue = ArchiveQueue(self.line.sqs, self.line.queue_url)
        published = FlowVersionsTable(self.line.dynamodb, self.line.table)
        dependencies = Dependencies(store, queue, self.deliver, self.erased, published)  # type: ignore[arg-type]
        sweep = Sweep(dependencies, self.telnyx, self.noted, calls_at_once=at_once)  # type: ignore[arg-type]
        now = (BEGAN + timedelta(seconds=HANG_UP_SECONDS, minutes=minutes)).timestamp()
        return sweep.run(now, time.monotonic() + PLENTY_SECONDS if deadline is None else deadline)

    def deliver(self, event: Mapping[str, Any]) -> str:
        """Process an event as the webhook function does."""
        if self.webhook_down:
            return "it answered 503"
        try:
            handled = self.line.deliver(parse_event(json.dumps(event[TELNYX_EVENT]).encode()))
        except MalformedEvent as fault:
            return f"it answered 400: {fault}"
        except (StoreUnavailable, BotoCoreError, ClientError) as fault:
            return f"it answered 503: {type(fault).__name__}"
        return "it answered 503" if handled.unsent else ""

    def entry(self, name: str = WHOLE_CALL) -> Recording:
        """Give a ledger entry, read without faults."""
        self.line.faults.plan = {}
        found = self.line.store.recording(SESSION, name)
        assert found
        return found

    def statuses(self) -> list[str]:
        """Give the statuses of all entries, by name."""
        self.line.faults.plan = {}
        return [each.status for each in self.line.store.recordings(SESSION)]

    def leg(self) -> Call:
        """Give the call's leg, read without faults."""
        self.line.faults.plan = {}
        [found] = self.line.store.legs(SESSION)
        return found

    def due_legs(self) -> list[str]:
        """Give the ids of the legs that are in the index."""
        self.line.faults.plan = {}
        return [each.leg_id for each in self.line.store.due_items(9e9, 100) if each.leg_id]

    def due(self) -> list[str]:
        """Give the names of the entries that are in the index."""
        self.line.faults.plan = {}
        return [each.recording for each in self.line.store.due_items(9e9, 100) if each.recording]


def reconciling(flows: Path, plan: Mapping[int, Any] | None = None) -> Reconciling:
    """Give a line in memory with nothing on it."""
    return Reconciling(Line.in_memory(flows, plan))
