"""The archive's dead-letter queue, for operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.adapters.queue_messages import each_once
from dialtone.domain.recordings import ArchiveJob

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mypy_boto3_sqs import SQSClient

    from dialtone.adapters.archive_queue import ArchiveQueue


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message of the dead-letter queue."""

    job: ArchiveJob | None
    """None if the message is not a job: the archive could only give it up again."""
    receipt: str = field(repr=False)


class ArchiveDeadLetters:
    """The archive's dead-letter queue. Every method raises botocore's errors."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def messages(self) -> Iterator[GivenUp]:
        """Receive each message once.

        It is hidden from other readers for a while, and reappears unless it is removed.
        """
        for message in each_once(self._client, self._url):
            yield GivenUp(_job(message["Body"]), message["ReceiptHandle"])

    def remove(self, message: GivenUp) -> None:
        """Delete a message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def show_again(self, message: GivenUp) -> None:
        """Make a message visible again at once."""
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=0)


def put_back(letters: ArchiveDeadLetters, queue: ArchiveQueue) -> Generator[ArchiveJob | None]:
    """Put each job back on the archive queue and yield it; yield None for a message that is not a job and stays.

    A message is deleted only after its job is on the queue. A job that is queued twice is done once. Raises botocore's
    errors: jobs not yielded by then are still in the dead-letter queue.
    """
    staying: list[GivenUp] = []
    try:
        for message in letters.messages():
            if message.job is None:
                staying.append(message)
                yield None
                continue
            # Its URLs expired long ago: without them the archive asks Telnyx for new ones at once.
            queue.put(message.job._replace(urls=None))
            letters.remove(message)
            yield message.job
    finally:
        for message in staying:
            letters.show_again(message)


def _job(body: str) -> ArchiveJob | None:
    try:
        return ArchiveJob.from_json(body)
    except (ValueError, TypeError, RecursionError):
        return None
