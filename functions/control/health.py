"""`GET /health`: active alarms, recordings that are not verified, messages in dead-letter queues, and parked webhooks.

The parts are read independently and in parallel: if one is slow, fails or answers wrongly, the answer has the others
and names it.
"""

from __future__ import annotations

import contextvars
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from botocore.exceptions import BotoCoreError, ClientError

from control.actions import acting_responses
from control.alarms import AlarmsOfStack, linked
from control.audit import REDRIVES
from control.authorization import requester_of
from control.calls import responses
from control.health_sentences import sentences_of
from control.watched_queues import QUEUES, Counted, WatchedQueue, counted, last_move, oldest
from dialtone.adapters.aws_clients import budget
from dialtone.domain.control_answers import (
    Custody,
    Health,
    Move,
    Parked,
    Queue,
    Redrive,
    Redriven,
    Unread,
    UnverifiedRecording,
)
from dialtone.domain.deadline import request_until
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import EXPECTED, OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient

    from control.alarms import CloudWatch
    from control.audit import AuditTrail
    from control.redriving import Redriving
    from control.settings import Settings
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.parked_events import ParkedEvents
    from dialtone.adapters.telemetry import Observer
    from dialtone.domain.control_answers import Alarms
    from dialtone.domain.recordings import Recording

AWS = budget(connect_seconds=1.0, read_seconds=3.0, attempts=2)

TIMEOUT_SECONDS = 6.0
"""For one part. People wait for the page, and the ages of messages are read only after their number."""

MOST_REDRIVES = 10
"""The latest redrives that are shown."""

MOST_RECORDINGS = 200
"""Unsettled recordings that are read: about 100 read units."""

LATE = timedelta(minutes=15)
"""After a recording's end: by then the archive has failed twice, or is not running."""
LATE_EXPECTED = timedelta(hours=4, minutes=30)
"""After it was requested: no call lasts this long."""

AT_FAULT = (BotoCoreError, ClientError, DialtoneError, OSError, AttributeError, KeyError, TypeError, ValueError)
"""The errors of a dependency that fails, times out, or answers wrongly."""

EMULATED = "The local AWS emulator makes no metrics from logs, so alarms have no meaning here."
"""Shown instead of alarms: the emulator never changes their state."""

Part = Literal["alarms", "recordings", "queues", "ages", "parked", "redrives"]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Reading(Generic[Read]):
    """A part, or the reason why it could not be read."""

    part: Part
    value: Read | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads everything that shows the state of a stack."""

    settings: Settings
    store: CallsTable
    audit: AuditTrail
    parked: ParkedEvents
    sqs: SQSClient
    cloudwatch: CloudWatch
    observer: Observer
    now: Callable[[], datetime]

    def health(self) -> Health:
        """The stack's state, as far as it can be read."""
        pool = ThreadPoolExecutor(len(QUEUES) + 4, thread_name_prefix="health")
        try:
            return self._health(pool)
        finally:
            pool.shutdown(wait=False)

    def _health(self, pool: ThreadPoolExecutor) -> Health:
        reading_alarms, reading_recordings = self._alarms(pool), self._begun(pool, "recordings", self._custody)
        reading_parked = self._begun(pool, "parked", self._parked)
        reading_redrives = self._begun(pool, "redrives", self._redrives)
        queues, others = self._queues(pool)
        alarms, recordings, parked, redrives = (
            reading_alarms(),
            reading_recordings(),
            reading_parked(),
            reading_redrives(),
        )
        parts: list[Reading[Any]] = [alarms, recordings, parked, redrives, *others]
        failed = {each.part: each.failed for each in parts if each.failed}
        sentences = sentences_of(alarms.value, recordings.value, queues, parked.value)
        return Health(
            stack=self.settings.stack,
            is_well=not sentences and not failed,
            sentences=sentences,
            alarms=alarms.value,
            recordings=recordings.value,
            queues=queues,
            parked=parked.value,
            redrives=redrives.value,
            unread=[Unread(part=part, message=message) for part, message in failed.items()],
        )

    def _queues(self, pool: ThreadPoolExecutor) -> tuple[list[Queue], list[Reading[Any]]]:
        """The queues, and their readings."""
        urls = self.settings.queues
        counting = [self._begun(pool, "queues", partial(counted, self.sqs, urls[each.name])) for each in QUEUES]
        counts = [waited() for waited in counting]
        found = [(queue, each.value) for queue, each in zip(QUEUES, counts, strict=True)]
        filled = {queue.name: urls[queue.name] for queue, count in found if count and count.messages}
        aging = self._begun(pool, "ages", partial(oldest, self.cloudwatch, filled, self.now()))
        moving = {
            queue.name: self._begun(pool, "queues", partial(last_move, self.sqs, count.arn))
            for queue, count in found
            if count and queue.redriving == "move" and not self.settings.is_emulated
        }
        ages, moves = aging(), {name: waited() for name, waited in moving.items()}
        queues = [
            _queue_answer(
                queue,
                self.settings,
                count,
                (ages.value or {}).get(queue.name),
                moves[queue.name].value if queue.name in moves else None,
            )
            for queue, count in found
        ]
        return queues, [*counts, ages, *moves.values()]

    def _alarms(self, pool: ThreadPoolExecutor) -> Callable[[], Reading[Alarms]]:
        if self.settings.is_emulated:
            return lambda: Reading("alarms", failed=EMULATED)
        return self._begun(
            pool, "alarms", AlarmsOfStack(self.cloudwatch, self.settings.stack, self.settings.runbooks_url).read
        )

    def _custody(self) -> Custody:
        found, is_whole = self.store.unsettled_recordings(MOST_RECORDINGS)
        return custody_of(found, self.now(), is_whole=is_whole)

    def _redrives(self) -> list[Redrive]:
        noted = self.audit.of(REDRIVES)[-MOST_REDRIVES:]
        return [Redrive(at=each.at, by=each.by, queue=each.queue) for each in reversed(noted)]

    def _parked(self) -> Parked:
        events, is_whole, oldest_at = self.parked.counted()
        return Parked(
            events=events,
            is_whole=is_whole,
            oldest_at=oldest_at.astimezone(UTC).isoformat(timespec="seconds") if oldest_at else None,
            command=f"dialtone replay --all --stack {self.settings.stack}",
        )

    def _begun(self, pool: ThreadPoolExecutor, part: Part, read: Callable[[], Read]) -> Callable[[], Reading[Read]]:
        """Begin to read a part; call the result to wait for it."""
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
    "redrives": "Who has redriven queues",
}


def _why(error: Exception) -> str:
    """The reason in a few words; the log has the details."""
    if isinstance(error, ClientError):
        return f"AWS answered {error.response.get('Error', {}).get('Code', 'with an error')}"
    if isinstance(error, (BotoCoreError, DialtoneError, OSError)):
        return "AWS did not answer in time"
    return "AWS returned an unexpected answer"


def custody_of(recordings: Sequence[Recording], now: datetime, *, is_whole: bool) -> Custody:
    """Recordings that are not settled, as the API shows them. Pure."""
    open_ones = [each for each in recordings if each.status in OPEN_STATUSES]
    waiting = [each for each in recordings if each.awaits_transcript]
    late = {each.name: _is_late(each, now) for each in open_ones}
    # A recording in progress matters less than an overdue one.
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


def health_routes(looking: Looking, redriving: Redriving) -> APIGatewayHttpRouter:
    """The routes."""
    routes = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # Powertools says no return type

    @routes.get("/health", summary="Shows what needs attention", tags=["health"], responses=responses(Health))
    def show_health() -> Health:
        return looking.health()

    @routes.post(
        "/health/queues/<queue>/redrive",
        summary="Redrives the messages of a dead-letter queue",
        tags=["health"],
        responses=acting_responses(Redriven),
    )
    def redrive_queue(
        queue: Annotated[str, Path(min_length=1, max_length=80, description="The queue's name from `GET /health`.")],
    ) -> Redriven:
        event = routes.current_event
        return redriving.redrive(queue, requester_of(event.raw_event).name, event.request_context.request_id)

    return routes


def _queue_answer(
    queue: WatchedQueue,
    settings: Settings,
    count: Counted | None,
    oldest_at: datetime | None = None,
    move: Move | None = None,
) -> Queue:
    """A queue as the API shows it. Pure."""
    url = settings.queues[queue.name]
    command = queue.command.format(stack=settings.stack, url=url, arn=count.arn if count else "ARN")
    return Queue(
        name=queue.name,
        means=queue.means,
        is_dead_letters=queue.is_dead_letters,
        messages=count and count.messages,
        in_flight=count and count.in_flight,
        delayed=count and count.delayed,
        oldest_at=oldest_at.isoformat() if oldest_at and count and count.messages else None,
        can_redrive=bool(queue.redriving),
        move=move,
        command=command or None,
        runbook=queue.runbook or None,
        runbook_url=linked(queue.runbook, settings.runbooks_url),
    )
