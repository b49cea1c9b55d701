"""Reads audio and transcripts from the recordings bucket."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from deliver.retries import NotDelivered
from deliver.wording import MAX_TRANSCRIPT_CHARACTERS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from dialtone.domain.recordings import AudioCopy, TranscriptCopy

BYTES_A_CHARACTER = 4


class Objects:
    """The recordings bucket. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def audio(self, copy: AudioCopy) -> bytes:
        """The audio; b'' if it has expired. Raises NotDelivered if it differs from the ledger."""
        content = self._read(copy.key, copy.length_bytes + 1)
        if content and hashlib.sha256(content).hexdigest() != copy.sha256:
            raise NotDelivered(f"the object at {copy.key} does not match the ledger")
        return content

    def transcript(self, copy: TranscriptCopy) -> str:
        """The beginning of a transcript, as much as an e-mail may hold; '' if it has expired."""
        return self._read(copy.key, MAX_TRANSCRIPT_CHARACTERS * BYTES_A_CHARACTER).decode(errors="replace")

    def _read(self, key: str, most: int) -> bytes:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except self._client.exceptions.NoSuchKey:
            return b""
        with body:
            return body.read(most)
