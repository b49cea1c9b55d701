"""Receives each message of a queue once, for operators; it is hidden from other readers meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_SECONDS = 120
"""Visibility time-out: many times as long as putting a message back takes."""

WAIT_SECONDS = 1
"""Long polling asks all of SQS's servers; short polling asks a sample and may miss messages."""

MOST_AT_ONCE = 10


def each_once(client: SQSClient, url: str) -> Iterator[MessageTypeDef]:
    """Receive each message once. It becomes visible again unless it is deleted. Raises botocore's errors."""
    seen: set[str] = set()
    while True:
        received = client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=MOST_AT_ONCE,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
        ).get("Messages", [])
        new = [each for each in received if each["MessageId"] not in seen]
        if not new:
            return
        for message in new:
            seen.add(message["MessageId"])
            yield message
