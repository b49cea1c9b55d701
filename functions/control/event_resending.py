"""Resends life-cycle events: a marked item passes through the table's stream again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.adapters.calls_table import LEG, RECORDING
from dialtone.adapters.queue_messages import each_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient

    from dialtone.adapters.calls_table import CallsTable

LONGEST_CALL = timedelta(hours=4)
"""The changes in a batch may be of calls that began this long before."""


class Window(NamedTuple):
    """When the calls began whose changes were in a batch that Lambda gave up."""

    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Resending:
    """Marks items, so that the events function resends their events."""

    table: CallsTable
    now: datetime

    def begun(self, begin: datetime, end: datetime) -> Iterator[str]:
        """The calls that began in that period."""
        for leg in self.table.begun(int(begin.timestamp()), int(end.timestamp())):
            yield leg.session_id

    def call(self, session_id: str) -> int:
        """Mark every leg and recording of a call; return their number."""
        items = [f"{LEG}{leg.leg_id}" for leg in self.table.legs(session_id)]
        items += [f"{RECORDING}{recording.name}" for recording in self.table.recordings(session_id)]
        return sum(self._mark(session_id, item) for item in items)

    def dead_letters(self, queue: SQSClient, url: str) -> Iterator[Window | None]:
        """Mark each message's item and delete the message.

        A message that names only a batch stays; yield its period.
        """
        for message in each_once(queue, url):
            window = self._resent(json.loads(message["Body"]))
            if window is None:
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            yield window

    def _resent(self, letter: dict[str, Any]) -> Window | None:
        """An item that was erased or has expired needs no event."""
        if "item" in letter:
            self._mark(letter["call_session_id"], letter["item"])
            return None
        batch = letter["DDBStreamBatchInfo"]
        first = datetime.fromisoformat(batch["approximateArrivalOfFirstRecord"]) - LONGEST_CALL
        return Window(f"{first:%Y-%m-%dT%H:%M:%SZ}", batch["approximateArrivalOfLastRecord"])

    def _mark(self, session_id: str, item: str) -> bool:
        return self.table.mark_resent(session_id, item, self.now.isoformat())
