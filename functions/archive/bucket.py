"""The recordings bucket. Audio is written once and never overwritten.

A copy is verified by reading it back and hashing it. S3 has no SHA-256 of a whole multipart object, only a hash of its
parts' hashes, and that shows what S3 received; reading back shows what it returns. During the upload S3 checks each
part against a CRC32 from botocore.
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
"""template.yaml has a lifecycle rule for each value that a flow may set."""

SENDERS = 2
"""Parts sent in parallel: one is hashed and signed while the other is on the network."""

READ_BACK_BYTES = 1_048_576
"""Read in chunks of this size: constant memory, few system calls."""

_WRITTEN_ALREADY = frozenset({"PreconditionFailed", "NoSuchUpload"})
"""S3's errors when an upload is completed under a key that already has an object, or completed twice."""


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """An object as it was read back from the bucket."""

    length_bytes: int
    sha256: str


class RecordingsBucket:
    """The recordings bucket. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def begin(self, key: str, content_type: str, retention_days: int) -> Upload:
        """Begin a multipart upload; the object appears only when it is completed.

        It expires after that many days, by one of the bucket's lifecycle rules; 0 means the bucket's default.
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
        """Length and hash of the object; None if there is none. Raises NotArchived at the deadline."""
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
        """Write a file that may be overwritten: metadata, a transcript. S3 checks its SHA-256 on arrival."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            ContentType=content_type,
            ChecksumAlgorithm="SHA256",
            **_retention(retention_days),
        )

    def abort_unfinished(self, key: str) -> None:
        """Abort unfinished uploads to that key, left by processes that died."""
        for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=key):
            for unfinished in page.get("Uploads", []):
                Upload(self._client, self._bucket, unfinished["Key"], unfinished["UploadId"]).abort()


def _retention(days: int) -> Any:  # noqa: ANN401 -- a parameter of several of boto's operations
    """The tag that selects the bucket's lifecycle rule."""
    return {"Tagging": f"{RETENTION_TAG}={days}"} if days else {}


class Upload:
    """A multipart upload; the object appears only when it is completed."""

    def __init__(self, client: S3Client, bucket: str, key: str, upload_id: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._upload_id = upload_id
        self._parts: list[CompletedPartTypeDef] = []
        self._senders = ThreadPoolExecutor(SENDERS)
        self._under_way: deque[Future[CompletedPartTypeDef]] = deque()

    def add(self, part: bytes | bytearray) -> None:
        """Start to send the next part.

        All parts but the last must have the same length, 5 MiB or more (S3). At most SENDERS parts are being sent when
        this returns. A later call of any method raises the part's error.
        """
        self.wait(SENDERS - 1)
        self._under_way.append(self._senders.submit(self._send, part, len(self._parts) + len(self._under_way) + 1))

    def wait(self, leaving: int = 0) -> None:
        """Wait until at most that many parts are being sent; raises the error of a finished one."""
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
        """Complete the object unless the key has one already. False if it has, or if the upload no longer exists."""
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
        """Abort the upload; does nothing if it no longer exists."""
        self._senders.shutdown()  # S3 keeps, and charges for, a part that arrives after its upload was aborted
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)
        except self._client.exceptions.NoSuchUpload:
            return
