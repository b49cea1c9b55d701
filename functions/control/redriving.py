"""`POST /health/queues/{queue}/redrive`: puts messages of a dead-letter queue back, once the cause is fixed.

The method depends on the queue, as its runbook says: archive jobs go back without their expired URLs, items whose
events were not sent are marked again, and SQS moves everything else. Every method is idempotent: if a request dies
half-way, its remaining messages reappear and the next request takes them.
"""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from control.archive_dead_letters import ArchiveDeadLetters, put_back
from control.audit import REDRIVES, REDROVE, AuditItem
from control.event_resending import Resending
from control.problems import Refused, not_found
from control.watched_queues import QUEUES, counted, last_move
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.domain.control_answers import Redriven

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from mypy_boto3_sqs import SQSClient

    from control.audit import AuditTrail
    from control.settings import Settings
    from control.watched_queues import WatchedQueue
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.control_answers import Move

WORK_SECONDS = 15.0
"""Of one request, about a thousand messages: an HTTP API waits for 30 s, and the last receive can be slow."""
CLAIM_SECONDS = 35
"""Longer than the function runs, so that a claim of a dead process ends."""
CLAIM_KEPT = timedelta(days=1)

UNDER_WAY = frozenset({"RUNNING", "CANCELLING"})

EMULATED = "The local AWS emulator cannot move messages: receive and send them with `aws sqs`."


class Redriving:
    """Redrives queues; each queue by one request at a time."""

    def __init__(
        self, settings: Settings, store: CallsTable, sqs: SQSClient, audit: AuditTrail, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._store = store
        self._sqs = sqs
        self._audit = audit
        self._now = now

    def redrive(self, name: str, by: str, request_id: str) -> Redriven:
        """Put a queue's messages back, or start SQS's move task. Raises Refused, and botocore's errors."""
        queue = next((each for each in QUEUES if each.name == name), None)
        if queue is None:
            raise not_found("queue", name)
        if not queue.redriving:
            raise Refused(HTTPStatus.CONFLICT, "not_redrivable", _why_not(queue))
        if queue.redriving == "move":
            return self._moved(queue, by, request_id)
        return self._put_back(queue, by, request_id)

    def _moved(self, queue: WatchedQueue, by: str, request_id: str) -> Redriven:
        if self._settings.is_emulated:
            raise Refused(HTTPStatus.CONFLICT, "emulated", EMULATED)
        arn = counted(self._sqs, self._settings.queues[queue.name]).arn
        _check_free(last_move(self._sqs, arn))
        at = self._noted(queue, by, request_id)
        try:
            self._sqs.start_message_move_task(SourceArn=arn)
        except ClientError:
            _check_free(last_move(self._sqs, arn))  # another request was faster
            raise
        return Redriven(queue=queue.name, at=at, by=by, put_back=0, is_finished=False, is_moving=True, notes=[])

    def _put_back(self, queue: WatchedQueue, by: str, request_id: str) -> Redriven:
        now = self._now()
        item, seconds = f"REDRIVE#{queue.name}", int(now.timestamp())
        until, expires = seconds + CLAIM_SECONDS, seconds + int(CLAIM_KEPT.total_seconds())
        if not self._store.claim(REDRIVES, item, now=seconds, until=until, expires_at=expires):
            message = "Another request is redriving this queue: look again in half a minute."
            raise Refused(HTTPStatus.CONFLICT, "under_way", message, retry_seconds=CLAIM_SECONDS)
        try:
            at = self._noted(queue, by, request_id)
            letters = self._jobs() if queue.redriving == "jobs" else self._events(now)
            ends, back, notes, is_finished = time.monotonic() + WORK_SECONDS, 0, list[str](), True
            with closing(letters):
                for note in letters:
                    back, notes = (back, [*notes, note]) if note else (back + 1, notes)
                    if time.monotonic() > ends:
                        is_finished = False
                        break
        finally:
            self._store.hold(REDRIVES, item, seconds - 1)
        return Redriven(
            queue=queue.name, at=at, by=by, put_back=back, is_finished=is_finished, is_moving=False, notes=notes
        )

    def _jobs(self) -> Generator[str]:
        """For each message: '' if it was put back, otherwise why it stays."""
        queues = self._settings.queues
        letters = ArchiveDeadLetters(self._sqs, queues["archive-dead-letters"])
        with closing(put_back(letters, ArchiveQueue(self._sqs, queues["archive"]))) as jobs:
            for job in jobs:
                yield "" if job else "A message is not a job and stays in the queue: look at it in the SQS console."

    def _events(self, now: datetime) -> Generator[str]:
        """As `_jobs`."""
        for window in Resending(self._store, now).dead_letters(self._sqs, self._settings.queues["events-dead-letters"]):
            command = window and f"dialtone events resend --since {window.since} --until {window.until}"
            stack = f" --stack {self._settings.stack}"
            yield f"A batch was never sent: {command}{stack}" if command else ""

    def _noted(self, queue: WatchedQueue, by: str, request_id: str) -> str:
        at = self._now().astimezone(UTC).isoformat()
        self._audit.note(REDRIVES, AuditItem(at, by, REDROVE, queue=queue.name), request_id)
        return at


def _why_not(queue: WatchedQueue) -> str:
    if queue.is_dead_letters:
        return f"Its messages are no longer of use: find the cause, then purge the queue, as {queue.runbook} says."
    return "It is not a dead-letter queue: its function receives the messages itself."


def _check_free(move: Move | None) -> None:
    """Raise Refused while SQS is moving the queue's messages."""
    if move and move["status"] in UNDER_WAY:
        of = "" if move["of"] is None else f" of about {move['of']}"
        message = (
            f"Its messages are being moved back since {move['began_at'] or 'a moment'}: {move['moved']}{of} so far."
        )
        raise Refused(HTTPStatus.CONFLICT, "under_way", message)
