"""Consumes the archive queue: each message is completed, delayed for another attempt, or given up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from botocore.exceptions import BotoCoreError, ClientError

from archive.custody import Delivery
from archive.deadline import Deadline
from archive.live_transcripts import Written
from archive.retries import PermanentFailure, wait_seconds
from dialtone.adapters.telemetry import Measure
from dialtone.domain.errors import DialtoneError
from dialtone.domain.live_transcripts import KINDS
from dialtone.domain.recordings import DOUBTFUL, ArchiveJob
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from mypy_boto3_sqs import SQSClient

    from archive.custody import ArchiveResult, Custody
    from archive.transcripts import Transcripts
    from dialtone.adapters.erased_calls import ErasedCalls
    from dialtone.adapters.lambda_context import RemainingTime
    from dialtone.adapters.telemetry import Level, Observer

RESERVED_SECONDS = 10.0
"""Kept of the function's time for the end: putting messages back and writing the ledger."""

AUDIO, TRANSCRIPT, METADATA = "audio", "transcript", "metadata"

KNOWN_FAULTS = (DialtoneError, ClientError, BotoCoreError)
"""Errors of ours and of our dependencies, with an explanatory text. Any other error is a bug."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Carries out the jobs."""

    custody: Custody
    transcripts: Transcripts
    erased: ErasedCalls

    def refuses(self, job: ArchiveJob) -> bool:
        """Whether the job's call was erased; then Telnyx's copies are deleted and nothing is archived."""
        if not self.erased.has(job.call_session_id):
            return False
        self.erased.refuse(job.call_session_id, [job.recording_id], [job.conversation_id])
        return True

    def give_up(self, job: ArchiveJob, reason: str) -> bool:
        """Write to the ledger why a job's recording or text was not archived. False if it has been by now."""
        if job.kind not in KINDS:
            return self.custody.give_up(job, reason)
        self.transcripts.give_up(job, reason)
        return True

    def do(self, job: ArchiveJob, delivery: Delivery) -> ArchiveResult | Written:
        """Carry out a job of any kind. Raises PermanentFailure for an unknown job."""
        if job.kind == AUDIO:
            return self.custody.take(job, delivery)
        if job.kind == TRANSCRIPT:
            return self.transcripts.keep(job)
        if job.kind in KINDS:
            return self.transcripts.write_down(job)
        if job.kind == METADATA:
            return self.custody.tell(job)
        raise PermanentFailure(f'there is no such job as "{job.kind}"')


@dataclass(frozen=True, slots=True)
class Consumer:
    """The archive queue's consumer."""

    archive: Archive
    queue: SQSClient
    observer: Observer
    max_receives: int
    now_seconds: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic

    def consume(self, event: dict[str, Any], context: RemainingTime) -> dict[str, Any]:
        """Process the messages of Lambda's event; return those that failed."""
        batch = Batch(self, context, len(event["Records"]))
        # Report failed messages even if all failed: the report says more than an error.
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        with processor(event["Records"], batch.process):
            processor.process()
        return dict(processor.response())


class Batch:
    """One invocation's messages. They share its time, so that a slow one leaves time for those after it."""

    def __init__(self, consumer: Consumer, context: RemainingTime, messages: int) -> None:
        self._consumer = consumer
        self._context = context
        self._left = messages

    def process(self, record: SQSRecord) -> None:
        """Carry out one message's job. Raises its error, for the batch processor to report."""
        delivery = self._delivery(record)
        job: ArchiveJob | None = None
        try:
            job = _job(record.body)
            if self._consumer.archive.refuses(job):
                self._consumer.observer.log("warning", "job refused: its call was erased", _fields(job, delivery))
                return
            kept = self._consumer.archive.do(job, delivery)
        except Exception as fault:
            if self._failed(record, delivery, job, fault):
                raise
        else:
            self._done(job, delivery, kept)

    def _delivery(self, record: SQSRecord) -> Delivery:
        left = self._context.get_remaining_time_in_millis() / MILLIS_PER_SECOND - RESERVED_SECONDS
        share = left / self._left
        self._left -= 1
        attributes = record.attributes
        return Delivery(
            receives=int(attributes.approximate_receive_count),
            age_seconds=self._consumer.now_seconds() - int(attributes.sent_timestamp) / MILLIS_PER_SECOND,
            deadline=Deadline(self._consumer.clock() + share, self._consumer.clock),
            last=int(attributes.approximate_receive_count) >= self._consumer.max_receives,
        )

    def _done(self, job: ArchiveJob, delivery: Delivery, kept: ArchiveResult | Written) -> None:
        if isinstance(kept, Written):
            fields = _fields(job, delivery) | {"key": kept.key, "bytes": kept.length_bytes, "sha256": kept.sha256}
            self._consumer.observer.log("info", f"{job.kind} archived", fields)
            return
        recording = kept.recording
        fields = _fields(job, delivery) | {"recording": recording.name, "already": kept.already}
        fields["recording_id"] = recording.recording_id
        if recording.audio:
            fields |= {"key": recording.audio.key, "bytes": recording.audio.length_bytes}
            fields |= {"sha256": recording.audio.sha256, "duration_millis": recording.audio.duration_millis}
        if kept.note:
            fields["note"] = kept.note
        if recording.content_doubt:
            fields["doubt"] = recording.content_doubt
        level: Level = "warning" if kept.note or recording.content_doubt else "info"
        self._consumer.observer.log(level, f"{job.kind} archived", fields)
        if job.kind == AUDIO and recording.audio and not kept.already:
            size = Measure("RecordingBytes", recording.audio.length_bytes, "Bytes")
            closed = "RecordingsDoubtful" if recording.status == DOUBTFUL else "RecordingsVerified"
            self._consumer.observer.measure(Measure(closed), size)

    def _failed(self, record: SQSRecord, delivery: Delivery, job: ArchiveJob | None, fault: Exception) -> bool:
        """Delay a message, or give its job up. False if the job turns out to be done already."""
        last = delivery.last
        known = isinstance(fault, KNOWN_FAULTS)
        reason = str(fault) if known else f"a fault of ours: {type(fault).__name__}"
        wait = 0 if last else wait_seconds(fault, delivery.receives)
        fields = _fields(job, delivery) | {"reason": reason, "fault": type(fault).__name__, "last": last}
        level: Level = "error" if last or not known else "warning"
        self._consumer.observer.log(
            level, "job given up" if last else "job delayed", fields | {"wait_seconds": wait}, failed=not known
        )
        if last and (job is None or job.kind == AUDIO):
            if job and not self._given_up(job, reason):
                return False
            self._consumer.observer.measure(Measure("RecordingsFailed"))
        elif last and job and job.kind in KINDS:
            self._given_up(job, reason)
        self._put_back(record, wait)
        return True

    def _given_up(self, job: ArchiveJob, reason: str) -> bool:
        try:
            return self._consumer.archive.give_up(job, reason)
        except KNOWN_FAULTS as fault:
            # The message moves to the dead-letter queue, which has an alarm; the ledger entry stays open.
            self._complain("the ledger could not record that a job was given up", fault)
            return True

    def _put_back(self, record: SQSRecord, wait: int) -> None:
        try:
            self._consumer.queue.change_message_visibility(
                QueueUrl=self._queue_url(record), ReceiptHandle=record.receipt_handle, VisibilityTimeout=wait
            )
        except (ClientError, BotoCoreError) as fault:
            # It is delivered again anyway, after the queue's visibility time-out.
            self._complain("a message could not be put back early", fault)

    def _queue_url(self, record: SQSRecord) -> str:
        """The queue's URL, from the message's queue ARN, which ends in `account:name`."""
        account, name = record.event_source_arn.split(":")[-2:]
        return f"{self._consumer.queue.meta.endpoint_url}/{account}/{name}"

    def _complain(self, message: str, fault: Exception) -> None:
        self._consumer.observer.log("error", message, {"fault": type(fault).__name__, "reason": str(fault)})


def _job(body: str) -> ArchiveJob:
    try:
        return ArchiveJob.from_json(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise PermanentFailure(f"the message is not a job: {type(error).__name__}") from None


def _fields(job: ArchiveJob | None, delivery: Delivery) -> dict[str, Any]:
    fields: dict[str, Any] = {"receives": delivery.receives, "age_seconds": round(delivery.age_seconds, 3)}
    if job is None:
        return fields
    return fields | {
        "kind": job.kind,
        "call_session_id": job.call_session_id,
        "call_leg_id": job.call_leg_id,
        "recording": job.recording,
        "recording_id": job.recording_id,
    }
