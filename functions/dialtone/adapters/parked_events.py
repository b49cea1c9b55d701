"""The bucket of parked events: webhooks that failed because of a bug, until they are replayed or expire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.deadline import NO_DEADLINE, request_until
from dialtone.domain.parked_event import ParkedEvent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

SUFFIX = ".json"


class ParkedEvents:
    """The bucket of parked events. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, event: ParkedEvent, deadline: float = NO_DEADLINE) -> None:
        """Store an event, replacing an earlier copy. Raises DeadlinePassed."""
        with request_until(deadline, "PutObject"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=f"{event.name}{SUFFIX}",
                Body=event.to_json().encode(),
                ContentType="application/json",
            )

    def names(self) -> Iterator[str]:
        """The names of all parked events, grouped by call."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket):
            for found in page.get("Contents", []):
                yield found["Key"].removesuffix(SUFFIX)

    def counted(self) -> tuple[int, bool, datetime | None]:
        """Their number, whether these are all, and when the oldest was parked; one request."""
        page = self._client.list_objects_v2(Bucket=self._bucket)
        found = [each["LastModified"] for each in page.get("Contents", [])]
        return len(found), not page["IsTruncated"], min(found, default=None)

    def get(self, name: str) -> ParkedEvent | None:
        """The event of that name; None if it no longer exists."""
        try:
            stored = self._client.get_object(Bucket=self._bucket, Key=f"{name}{SUFFIX}")["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        return ParkedEvent.from_json(stored)

    def remove(self, event: ParkedEvent) -> None:
        """Delete a replayed event, if it still exists."""
        self._client.delete_object(Bucket=self._bucket, Key=f"{event.name}{SUFFIX}")
