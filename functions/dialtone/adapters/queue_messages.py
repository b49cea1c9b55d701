"""Receives the messages of a queue as an operator does: each of them once, hidden from others meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HIDDEN_SECONDS = 120
"""How long a message that was received is not seen by others: many times what it takes to put it back."""

WAIT_SECONDS = 1
"""A receive that waits asks all of SQS's servers; one that does not, a sample of them, and may miss messages."""

MOST_AT_ONCE = 10


def each_once(client: SQSClient, url: str) -> Iterator[MessageTypeDef]:
    """Each message once. It is visible again later unless it is deleted. Raises botocore's errors."""
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
