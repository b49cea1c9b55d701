"""Consumes the delivery queue: each message is delivered, checked again later, or retried."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from deliver.retries import NotDelivered, wait_seconds
from dialtone.domain.deliveries import EVERY_TARGET, DeliveryJob
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_sqs import SQSClient

    from deliver.delivery import Deliveries
    from dialtone.adapters.telemetry import Observer

KNOWN_FAULTS = (DialtoneError, ClientError, BotoCoreError)
"""Errors of ours and of our dependencies, with an explanatory text. Any other error is a bug."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """The delivery queue's consumer."""

    deliveries: Deliveries
    queue: SQSClient
    queue_url: str
    observer: Observer
    now_seconds: Callable[[], float] = time.time

    def consume(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Process the messages of Lambda's event; return those that failed."""
        failed = [record["messageId"] for record in event["Records"] if not self._is_done(record)]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    def _is_done(self, record: Mapping[str, Any]) -> bool:
        job: DeliveryJob | None = None
        try:
            job = _job(record["body"])
            self._deliver(job)
        except Exception as fault:  # noqa: BLE001 -- one message must not make others come again
            self._failed(record, job, fault)
            return False
        return True

    def _deliver(self, job: DeliveryJob) -> None:
        if job.target == EVERY_TARGET:
            for each in self.deliveries.jobs(job):
                self.queue.send_message(QueueUrl=self.queue_url, MessageBody=each.to_json())
            return
        result = self.deliveries.deliver(job, self.now_seconds())
        if result.what == "wait":
            # A new message, because the queue counts receives, and waiting is not an attempt.
            self.queue.send_message(
                QueueUrl=self.queue_url, MessageBody=job.to_json(), DelaySeconds=result.again_seconds
            )
            return
        fields = _fields(job) | ({"reason": result.why} if result.why else {})
        self.observer.log("info", f"message {result.what}", fields)

    def _failed(self, record: Mapping[str, Any], job: DeliveryJob | None, fault: Exception) -> None:
        known = isinstance(fault, KNOWN_FAULTS)
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        fields = _fields(job) | {
            "receives": receives,
            "reason": str(fault) if known else f"a fault of ours: {type(fault).__name__}",
            "fault": type(fault).__name__,
        }
        self.observer.log("warning" if known else "error", "message not delivered yet", fields, failed=not known)
        try:
            self.queue.change_message_visibility(
                QueueUrl=self.queue_url,
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=wait_seconds(receives),
            )
        except (ClientError, BotoCoreError) as unmoved:
            # It is delivered again anyway, after the queue's visibility time-out.
            self.observer.log("error", "a message could not be put back", {"fault": type(unmoved).__name__})


def _job(body: str) -> DeliveryJob:
    try:
        return DeliveryJob.from_json(body)
    except (ValueError, TypeError, RecursionError, json.JSONDecodeError) as error:
        raise NotDelivered(f"the message is not a delivery: {type(error).__name__}") from None


def _fields(job: DeliveryJob | None) -> dict[str, Any]:
    """Log fields, without the target, which may be a person's address."""
    if job is None:
        return {}
    kind = job.target.partition(":")[0]
    return {"call_session_id": job.call_session_id, "recording": job.recording, "kind": kind, "delivery": job.id}
