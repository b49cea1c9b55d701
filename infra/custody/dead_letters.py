"""The archive's dead-letter queue as an operator uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.domain.recordings import ArchiveJob
from infra.queue_messages import each_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message of the dead-letter queue."""

    job: ArchiveJob | None
    """None for one that is no job: the archive would only give it up again."""
    receipt: str = field(repr=False)


class DeadLetters:
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


def _job(body: str) -> ArchiveJob | None:
    try:
        return ArchiveJob.from_json(body)
    except (ValueError, TypeError, RecursionError):
        return None
