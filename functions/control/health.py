"""`GET /health`: what rings, which recordings are not verified, which messages were given up, and what is parked.

Each part is read by itself, all at the same time: one that is slow, fails or answers wrongly leaves the others as they
are, and the answer says what could not be read.
"""

from __future__ import annotations

import contextvars
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from botocore.exceptions import BotoCoreError, ClientError

from control.alarms import AlarmsOfStack
from control.calls import responses
from control.health_answers import Custody, Health, Parked, Unread, UnverifiedRecording
from control.health_sentences import sentences_of
from control.watched_queues import QUEUES, counted, oldest, queue_answer
from dialtone.adapters.aws_clients import DeadlineClient, budget
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.domain.deadline import request_until
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import EXPECTED, OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from control.alarms import CloudWatch
    from control.health_answers import Alarms, Queue
    from control.settings import Settings
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.telemetry import Observer
    from dialtone.domain.recordings import Recording

AWS = budget(connect_seconds=1.0, read_seconds=3.0, attempts=2)

TIMEOUT_SECONDS = 6.0
"""For a part. Somebody looks at the page, and the ages of messages are asked for once these are counted."""

MOST_RECORDINGS = 200
"""Unsettled ones that are looked at: some 100 read units."""

LATE = timedelta(minutes=15)
"""After a recording's end: the archive has failed twice by then, or does not run."""
LATE_EXPECTED = timedelta(hours=4, minutes=30)
"""After it was asked for: no call is as long."""

AT_FAULT = (BotoCoreError, ClientError, DialtoneError, OSError, AttributeError, KeyError, TypeError, ValueError)
"""What a dependency raises that fails, does not answer in time, or answers something else."""

EMULATED = "The AWS emulator of this machine makes no metrics of what functions log, so alarms say nothing here."
"""In place of alarms, whose state the emulator never changes."""

Part = Literal["alarms", "recordings", "queues", "ages", "parked"]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Read]):
    """A part, or why it could not be read."""

    part: Part
    value: Read | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Looking:
    """Looks at everything that says how the stack is."""

    settings: Settings
    store: CallsTable
    parked: ParkedEvents
    cloudwatch: CloudWatch
    sqs: SQSClient
    observer: Observer
    now: Callable[[], datetime]

    @classmethod
    def of(
        cls, settings: Settings, store: CallsTable, s3: S3Client, observer: Observer, now: Callable[[], datetime]
    ) -> Looking:
        """With clients that are made when they are first used: most requests need none of them."""
        cloudwatch, sqs = DeadlineClient("cloudwatch", AWS), DeadlineClient("sqs", AWS)
        parked = ParkedEvents(s3, settings.parked_events_bucket)
        return cls(settings, store, parked, cloudwatch, sqs, observer, now)  # type: ignore[arg-type]  # they do what clients do

    def health(self) -> Health:
        """How the stack is, as far as it can be read."""
        pool = ThreadPoolExecutor(len(QUEUES) + 3, thread_name_prefix="health")
        try:
            return self._health(pool)
        finally:
            pool.shutdown(wait=False)

    def _health(self, pool: ThreadPoolExecutor) -> Health:
        alarms = self._alarms(pool)
        recordings = self._begun(pool, "recordings", self._custody)
        parked = self._begun(pool, "parked", self._parked)
        urls = self.settings.queues
        counting = {
            each.name: self._begun(pool, "queues", partial(counted, self.sqs, urls[each.name])) for each in QUEUES
        }
        counts = {name: reading() for name, reading in counting.items()}
        filled = {name: urls[name] for name, each in counts.items() if each.value and each.value.messages}
        ages = self._begun(pool, "ages", partial(oldest, self.cloudwatch, filled, self.now()))()
        queues = [
            queue_answer(
                each, urls[each.name], self.settings.stack, counts[each.name].value, (ages.value or {}).get(each.name)
            )
            for each in QUEUES
        ]
        return self._answer(alarms(), recordings(), parked(), queues, [*counts.values(), ages])

    def _answer(
        self,
        alarms: Reading[Alarms],
        recordings: Reading[Custody],
        parked: Reading[Parked],
        queues: list[Queue],
        others: list[Reading[Any]],
    ) -> Health:
        parts: list[Reading[Any]] = [alarms, recordings, parked, *others]
        failed = {each.part: each.failed for each in parts if each.failed}
        unread = [Unread(part=part, message=message) for part, message in failed.items()]
        sentences = sentences_of(alarms.value, recordings.value, queues, parked.value)
        return Health(
            stack=self.settings.stack,
            is_well=not sentences and not unread,
            sentences=sentences,
            alarms=alarms.value,
            recordings=recordings.value,
            queues=queues,
            parked=parked.value,
            unread=unread,
        )

    def _alarms(self, pool: ThreadPoolExecutor) -> Callable[[], Reading[Alarms]]:
        if self.settings.is_emulated:
            return lambda: Reading("alarms", failed=EMULATED)
        return self._begun(pool, "alarms", AlarmsOfStack(self.cloudwatch, self.settings.stack).read)

    def _custody(self) -> Custody:
        found, is_whole = self.store.unsettled_recordings(MOST_RECORDINGS)
        return custody_of(found, self.now(), is_whole=is_whole)

    def _parked(self) -> Parked:
        events, is_whole, oldest_at = self.parked.counted()
        return Parked(
            events=events,
            is_whole=is_whole,
            oldest_at=oldest_at and oldest_at.astimezone(UTC).isoformat(timespec="seconds"),
            command=f"dialtone replay --all --stack {self.settings.stack}",
        )

    def _begun(self, pool: ThreadPoolExecutor, part: Part, read: Callable[[], Read]) -> Callable[[], Reading[Read]]:
        """Begin to read a part; what it gives waits for the part."""
        ends = time.monotonic() + TIMEOUT_SECONDS

        def reading() -> Read:
            with request_until(ends, part):
                return read()

        begun = pool.submit(contextvars.copy_context().run, reading)

        def waited() -> Reading[Read]:
            try:
                return Reading(part, begun.result(timeout=max(0.0, ends - time.monotonic())))
            except AT_FAULT as error:
                self.observer.log("error", "a part of the health could not be read", {"part": part}, failed=error)
                return Reading(part, failed=f"{CALLED[part]} could not be read: {_why(error)}.")

        return waited


CALLED: dict[Part, str] = {
    "alarms": "The alarms",
    "recordings": "The ledger of recordings",
    "queues": "Some queues",
    "ages": "The ages of messages",
    "parked": "The parked webhooks",
}


def _why(error: Exception) -> str:
    """In few words; the log has the others."""
    if isinstance(error, ClientError):
        return f"AWS answered {error.response.get('Error', {}).get('Code', 'with an error')}"
    if isinstance(error, (BotoCoreError, DialtoneError, OSError)):
        return "AWS did not answer in time"
    return "AWS answered something else than was asked for"


def custody_of(recordings: Sequence[Recording], now: datetime, *, is_whole: bool) -> Custody:
    """What is not settled, as the API shows it. Pure."""
    open_ones = [each for each in recordings if each.status in OPEN_STATUSES]
    waiting = [each for each in recordings if each.awaits_transcript]
    late = {each.name: _is_late(each, now) for each in open_ones}
    # One that is being made is no news beside one that should be there.
    first = min(open_ones, key=lambda each: (not late[each.name], _since(each)), default=None)
    return Custody(
        oldest_unverified=first
        and UnverifiedRecording(
            id=first.api_id,
            call_session_id=first.call_session_id,
            status=first.status,
            since=_since(first).isoformat(timespec="seconds"),
            is_late=late[first.name],
        ),
        unverified=dict(Counter(each.status for each in open_ones)),
        awaiting_transcript=len(waiting),
        is_whole=is_whole,
    )


def _since(recording: Recording) -> datetime:
    return datetime.fromisoformat(recording.ended_at or recording.requested_at).astimezone(UTC)


def _is_late(recording: Recording, now: datetime) -> bool:
    waits = now - _since(recording)
    return waits > (LATE_EXPECTED if recording.status == EXPECTED else LATE)


def health_routes(looking: Looking) -> APIGatewayHttpRouter:
    """The route."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get("/health", summary="Shows what needs somebody", tags=["health"], responses=responses(Health))
    def show_health() -> Health:
        return looking.health()

    return routes
