"""Puts on the delivery queue what becomes due: the table's stream says it, once a recording is kept."""

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
"""How Lambda names the source of such records."""


@dataclass(frozen=True, slots=True)
class DueDeliveries:
    """Reads the stream."""

    queue: SQSClient
    queue_url: str
    observer: Observer

    def take(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Lambda's event with records in; out comes the first that has to come again, with all behind it.

        A job that is put twice is done once.
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
        """Of a record that cannot be read, one job that is to find out: it must not keep back those behind it."""
        try:
            return list(jobs_of(Change.of(record)))
        except Exception as fault:  # noqa: BLE001 -- whatever it is: the job fails on it, too, and becomes a dead letter
            keys = record["dynamodb"]["Keys"]
            session, name = keys["call_session_id"]["S"], keys["item"]["S"].removeprefix(RECORDING)
            self.observer.log("error", "delivery not understood", {"call_session_id": session}, failed=fault)
            return [(DeliveryJob(session, name, EVERY_TARGET, 0), 0)]


def jobs_of(change: Change) -> Iterator[tuple[DeliveryJob, int]]:
    """The messages that are to be delivered because of a change, each with how many seconds it waits first."""
    if not (recordings := change.recordings):
        return
    _, after = recordings
    for target in became_due(*recordings):
        job = DeliveryJob(after.call_session_id, after.name, target.key, change.committed_seconds)
        yield job, first_delay_seconds(after)
