"""The archive queue: jobs for the archive function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.deadline import NO_DEADLINE, request_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from dialtone.domain.recordings import ArchiveJob


class ArchiveQueue:
    """Sends jobs to the archive. A job that is sent twice is done once."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, job: ArchiveJob, deadline: float = NO_DEADLINE) -> None:
        """Queue a job. Raises botocore's errors, DeadlinePassed."""
        with request_until(deadline, "SendMessage"):
            self._client.send_message(QueueUrl=self._url, MessageBody=job.to_json())
