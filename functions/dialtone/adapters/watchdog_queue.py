"""The watchdog's queue: calls that are to be looked after in a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.deadline import NO_DEADLINE, request_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from dialtone.domain.watch import Look


class WatchdogQueue:
    """Where a call is put that somebody is to look after. Put twice, it is looked after twice, which does no harm."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def look_later(self, look: Look, seconds: int, deadline: float = NO_DEADLINE) -> None:
        """Have a call looked after in so many seconds, 900 at most. Raises botocore's errors, DeadlinePassed."""
        with request_until(deadline, "SendMessage"):
            self._client.send_message(QueueUrl=self._url, MessageBody=look.to_json(), DelaySeconds=seconds)
