"""The recordings bucket: signs links to audio, reads transcripts, deletes recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import ClientError

from dialtone.adapters.aws_clients import budget

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIGNED_LINKS = budget(connect_seconds=1.0, read_seconds=4.0, attempts=3).merge(Config(signature_version="s3v4"))
"""Signature version 4: S3 requires it for objects encrypted with a KMS key."""

LINK_SECONDS = 300
"""A player or download must start within this time."""

TEXT_BYTES = 400_000
"""Of a transcript: Lambda limits a response to 6 MB, and in JSON one byte may become six."""

_MISSING = frozenset({"404", "NoSuchKey"})


class RecordingsBucket:
    """The recordings bucket. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def link(self, key: str) -> str:
        """A signed link to an object, made without a request to S3."""
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS
        )

    def has(self, key: str) -> bool:
        """Whether the object exists: it may have expired since the ledger entry was written."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return False
            raise
        return True

    def delete_all(self, beginning: str) -> None:
        """Delete every version of all objects with that key prefix."""
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=beginning):
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                self._client.delete_object(Bucket=self._bucket, Key=each["Key"], VersionId=each["VersionId"])

    def text(self, key: str) -> tuple[str | None, bool]:
        """The beginning of a text, None if it does not exist (any more); and whether it is longer."""
        try:
            read = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(TEXT_BYTES + 1)
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None, False
            raise
        return read[:TEXT_BYTES].decode("utf-8", "ignore"), len(read) > TEXT_BYTES
