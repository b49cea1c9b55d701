"""Reads the parts of campaigns' lists from the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.campaigns.campaign import part_key
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PartUnreadable(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the part is unreadable
    """A part of a list is corrupt."""


class Lists:
    """Reads lists."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def part(self, campaign_id: str, part: int) -> tuple[Recipient, ...]:
        """The recipients of a part, at most 1,000, in order; empty after the last part.

        Raises PartUnreadable, and boto3's errors.
        """
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=part_key(campaign_id, part))
        except self._client.exceptions.NoSuchKey:
            return ()
        lines = answer["Body"].read().splitlines()
        try:
            return tuple(Recipient.from_line(line) for line in lines if line)
        except (KeyError, TypeError, ValueError) as error:
            raise PartUnreadable(f"part {part} of the list of {campaign_id} is not as it was written") from error
