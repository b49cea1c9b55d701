"""The parts of campaigns' lists, as they lie in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import part_key
from dialtone.domain.campaigns.recipient import Recipient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Lists:
    """Reads lists."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def part(self, campaign_id: str, part: int) -> tuple[Recipient, ...]:
        """The recipients of a part, 1,000 at most, in their order; none of a part that the list does not have."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=part_key(campaign_id, part))
        except self._client.exceptions.NoSuchKey:
            return ()
        return tuple(Recipient.from_line(line) for line in answer["Body"].read().splitlines() if line)
