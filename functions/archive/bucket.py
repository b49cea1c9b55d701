"""The recordings bucket. Audio is written once and never overwritten.

How a copy is proved: it is read back and hashed. S3 has no SHA-256 of a whole file that came in parts, only a hash of
the parts' hashes, and that says what S3 received; reading back says what it gives. On the way there S3 checks each part
against a CRC32 of botocore's.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from archive.deadline import Deadline

RETENTION_TAG = "retention-days"
"""template.yaml has a rule for each value that a flow may say."""

SENDERS = 2
"""Parts under way at once: one is hashed and signed while the other is on the network."""

READ_BACK_BYTES = 1_048_576
"""At a time: constant memory, few system calls."""

_WRITTEN_ALREADY = frozenset({"PreconditionFailed", "NoSuchUpload"})
"""Answers of S3 to completing an upload under a key that holds an object, or completing one a second time."""


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """What lies in the bucket, as it was read back."""

    length_bytes: int
    sha256: str


class RecordingsBucket:
    """S3, and of it this bucket only. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def begin(self, key: str, content_type: str, retention_days: int) -> Upload:
        """Begin an upload in parts: nothing is to be seen under the key before it is completed.

        The object expires after so many days, for which the bucket has a rule; 0: the bucket's default.
        """
        begun = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            ContentType=content_type,
            ChecksumAlgorithm="CRC32",
            **_retention(retention_days),
        )
        return Upload(self._client, self._bucket, key, begun["UploadId"])

    def read_back(self, key: str, deadline: Deadline) -> StoredAudio | None:
        """Length and hash of the object under that key; None if there is none. Raises NotArchived when time is up."""
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        except self._client.exceptions.NoSuchKey:
            return None
        length, sha256 = 0, hashlib.sha256()
        with body:
            for piece in body.iter_chunks(READ_BACK_BYTES):
                deadline.check()
                length += len(piece)
                sha256.update(piece)
        return StoredAudio(length, sha256.hexdigest())

    def put(self, key: str, content: bytes, content_type: str, retention_days: int) -> None:
        """Write what may be written again: metadata, transcripts. S3 compares its SHA-256 on arrival."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            ContentType=content_type,
            ChecksumAlgorithm="SHA256",
            **_retention(retention_days),
        )

    def abort_unfinished(self, key: str) -> None:
        """End uploads under that key which died before they could be completed or aborted."""
        for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=key):
            for unfinished in page.get("Uploads", []):
                Upload(self._client, self._bucket, unfinished["Key"], unfinished["UploadId"]).abort()


def _retention(days: int) -> Any:  # noqa: ANN401 -- a parameter of several of boto's operations
    """The tag by which the bucket's rules know an object that expires before the others."""
    return {"Tagging": f"{RETENTION_TAG}={days}"} if days else {}


class Upload:
    """An upload in parts, of which nothing is to be seen until it is completed."""

    def __init__(self, client: S3Client, bucket: str, key: str, upload_id: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._upload_id = upload_id
        self._parts: list[CompletedPartTypeDef] = []
        self._senders = ThreadPoolExecutor(SENDERS)
        self._under_way: deque[Future[CompletedPartTypeDef]] = deque()

    def add(self, part: bytes | bytearray) -> None:
        """Send the next part: all but the last must have 5 MiB or more, and the same length (S3).

        It is under way when this returns, with SENDERS - 1 earlier ones at the most, so that the next one can come
        meanwhile; what becomes of it, a later call of any method says.
        """
        self.wait(SENDERS - 1)
        self._under_way.append(self._senders.submit(self._send, part, len(self._parts) + len(self._under_way) + 1))

    def wait(self, leaving: int = 0) -> None:
        """Wait until only so many parts are under way; raises what one of the others raised."""
        while len(self._under_way) > leaving:
            self._parts.append(self._under_way.popleft().result())

    def _send(self, part: bytes | bytearray, number: int) -> CompletedPartTypeDef:
        sent = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=part,  # type: ignore[arg-type]  # botocore takes a bytearray like bytes; its types do not say so
            ChecksumAlgorithm="CRC32",
        )
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": sent["ChecksumCRC32"]}

    def complete(self) -> bool:
        """Make an object of the parts, if none lies under the key. False if one does, or the upload is gone."""
        self.wait()
        self._senders.shutdown()
        try:
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _WRITTEN_ALREADY:
                return False
            raise
        return True

    def abort(self) -> None:
        """Throw the parts away; nothing happens where the upload is gone already."""
        self._senders.shutdown()  # S3 keeps, and charges for, a part that arrives after the end of its upload
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)
        except self._client.exceptions.NoSuchUpload:
            return
