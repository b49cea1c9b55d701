"""The watchdog queue: delayed checks of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.deadline import NO_DEADLINE, request_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from dialtone.domain.watch import Look


class WatchdogQueue:
    """Queues checks of calls. A check that is queued twice runs twice, which does no harm."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def look_later(self, look: Look, seconds: int, deadline: float = NO_DEADLINE) -> None:
        """Queue a check in that many seconds, at most 900. Raises botocore's errors, DeadlinePassed."""
        with request_until(deadline, "SendMessage"):
            self._client.send_message(QueueUrl=self._url, MessageBody=look.to_json(), DelaySeconds=seconds)
