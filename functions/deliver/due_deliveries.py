"""Queues deliveries when the table's stream shows that a recording has been archived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import RECORDING
from dialtone.adapters.table_stream import Change, number_of
from dialtone.domain.deliveries import EVERY_TARGET, DeliveryJob, became_due, first_delay_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_sqs import SQSClient

    from dialtone.adapters.telemetry import Observer

FROM_STREAM = "aws:dynamodb"
"""The event source of stream records."""


@dataclass(frozen=True, slots=True)
class DueDeliveries:
    """Reads the table's stream."""

    queue: SQSClient
    queue_url: str
    observer: Observer

    def take(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Process the records of Lambda's event; return the first that must be retried, and with it all after it.

        A job that is queued twice is done once.
        """
        for record in batch["Records"]:
            try:
                for job, seconds in self._jobs(record):
                    self.queue.send_message(QueueUrl=self.queue_url, MessageBody=job.to_json(), DelaySeconds=seconds)
            except (ClientError, BotoCoreError) as fault:
                self.observer.log("warning", "delivery not queued yet", {"reason": str(fault)})
                return {"batchItemFailures": [{"itemIdentifier": number_of(record)}]}
        return {"batchItemFailures": []}

    def _jobs(self, record: Mapping[str, Any]) -> list[tuple[DeliveryJob, int]]:
        """The jobs of a record. For an unreadable one a job that fails by itself, so as not to block the stream."""
        try:
            return list(jobs_of(Change.of(record)))
        except Exception as fault:  # noqa: BLE001 -- whatever the error: the job fails with it, too, and becomes a dead letter
            keys = record["dynamodb"]["Keys"]
            session, name = keys["call_session_id"]["S"], keys["item"]["S"].removeprefix(RECORDING)
            self.observer.log("error", "delivery not understood", {"call_session_id": session}, failed=fault)
            return [(DeliveryJob(session, name, EVERY_TARGET, 0), 0)]


def jobs_of(change: Change) -> Iterator[tuple[DeliveryJob, int]]:
    """The messages to deliver because of a change, each with its delay in seconds."""
    if not (recordings := change.recordings):
        return
    _, after = recordings
    for target in became_due(*recordings):
        job = DeliveryJob(after.call_session_id, after.name, target.key, change.committed_seconds)
        yield job, first_delay_seconds(after)
