"""The queue of items whose events cannot be sent. A message only names the item; the data is in the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class DeadLetters:
    """Keeps them until an operator resends them with `dialtone events resend`."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def keep(self, session_id: str, item: str, reason: str) -> None:
        """Queue one. Raises botocore's errors."""
        body = json.dumps({"call_session_id": session_id, "item": item, "reason": reason})
        self._client.send_message(QueueUrl=self._url, MessageBody=body)
