"""SQS messages as Lambda hands them to a function."""

from collections.abc import Mapping
from typing import Any


def sqs_record(
    body: str, *, receipt: str, attributes: Mapping[str, str], number: str = "", queue: str = "archive"
) -> dict[str, Any]:
    """The record of one message in a function's event."""
    return {
        "messageId": number or receipt,
        "receiptHandle": receipt,
        "body": body,
        "attributes": dict(attributes),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
        "awsRegion": "us-east-1",
    }


def record_of(message: Mapping[str, Any], queue: str = "archive") -> dict[str, Any]:
    """The record of a message that ReceiveMessage gave."""
    return sqs_record(
        message["Body"],
        receipt=message["ReceiptHandle"],
        attributes=message["Attributes"],
        number=message["MessageId"],
        queue=queue,
    )
