"""The archive's dead-letter queue as an operator uses it."""

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
    """None for one that is no job: the archive would only give it up again."""
    receipt: str = field(repr=False)


class ArchiveDeadLetters:
    """The archive's dead-letter queue. Every method raises botocore's errors."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def messages(self) -> Iterator[GivenUp]:
        """Each message once. It is hidden from others meanwhile, and comes back unless it is removed."""
        for message in each_once(self._client, self._url):
            yield GivenUp(_job(message["Body"]), message["ReceiptHandle"])

    def remove(self, message: GivenUp) -> None:
        """Take a message out of the queue for good."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def show_again(self, message: GivenUp) -> None:
        """Leave a message in the queue, visible at once."""
        self._client.change_message_visibility(QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=0)


def put_back(letters: ArchiveDeadLetters, queue: ArchiveQueue) -> Generator[ArchiveJob | None]:
    """The jobs that were given up, each put back; None for a message that is no job, which stays there.

    A job may be put twice, the archive does it once. So a message is removed after its job is on the queue. Raises
    botocore's errors: what was not given by then is still in the dead-letter queue.
    """
    staying: list[GivenUp] = []
    try:
        for message in letters.messages():
            if message.job is None:
                staying.append(message)
                yield None
                continue
            # Its addresses have expired long ago: without them the archive asks Telnyx for fresh ones at once.
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
