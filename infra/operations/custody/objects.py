"""The recordings bucket as an operator uses it: objects are read in constant memory, in each of their versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef, ObjectLockLegalHoldTypeDef, ObjectVersionTypeDef

PIECE_BYTES = 1_048_576
"""At a time: constant memory, few system calls."""

MOST_AT_ONCE = 1_000
"""Objects in a request that deletes them (S3)."""

TRIES = 3
"""Tries of a read that breaks off: botocore retries requests, not the body of an answer."""

_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"})
"""MethodNotAllowed: the version asked for is a delete marker."""
_NEVER_HELD = frozenset({"NoSuchObjectLockConfiguration", "NoSuchVersion", "NoSuchKey"})
_UNREADABLE = frozenset({"AccessDenied", "403", "InvalidObjectState"})
"""Of one object; KMS's own codes begin with its name."""


class Unreadable(DialtoneError):  # noqa: N818 -- reads as the sentence it is
    """An object exists, but S3 does not return it."""


class NotDeleted(DialtoneError):  # noqa: N818 -- as above
    """S3 keeps what was to be deleted: a lock, a policy, or a permission that is missing."""


class Absent(DialtoneError):  # noqa: N818 -- as above
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What an object holds."""

    length_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object."""

    key: str
    id: str
    is_marker: bool
    """A delete marker: it holds nothing and hides the versions before it."""
    modified: datetime

    @classmethod
    def of(cls, listed: ObjectVersionTypeDef | DeleteMarkerEntryTypeDef, *, is_marker: bool) -> Version:
        """As S3 lists it."""
        return cls(listed["Key"], listed["VersionId"], is_marker, listed["LastModified"])


def digest_of(content: bytes | None) -> Digest | None:
    """Length and hash of what was read as a whole; None for nothing."""
    return None if content is None else Digest(len(content), hashlib.sha256(content).hexdigest())


class Objects:
    """S3, and of it this bucket. Every method raises botocore's errors."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def digest(self, key: str, version: str = "") -> Digest | None:
        """Length and hash of an object as S3 gives it now; None if there is none. Raises Unreadable."""
        for attempt in range(1, TRIES + 1):
            length, sha256 = 0, hashlib.sha256()
            try:
                for piece in self.pieces(key, version):
                    length += len(piece)
                    sha256.update(piece)
            except Absent:
                return None
            except (HTTPClientError, IncompleteReadError):
                if attempt == TRIES:
                    raise
            else:
                break
        return Digest(length, sha256.hexdigest())

    def pieces(self, key: str, version: str = "") -> Iterator[bytes]:
        """An object's bytes. Raises Absent and Unreadable before the first."""
        asked: Any = {"Bucket": self._bucket, "Key": key, **({"VersionId": version} if version else {})}
        try:
            body = self._client.get_object(**asked)["Body"]
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            if code in _ABSENT:
                raise Absent(key) from None
            if code in _UNREADABLE or code.startswith("KMS."):
                message = error.response["Error"].get("Message", "")
                raise Unreadable(f"S3 does not give it: {code} {message}") from error
            raise
        with body:
            yield from body.iter_chunks(PIECE_BYTES)

    def versions(self, prefix: str) -> Iterator[Version]:
        """All versions and delete markers under a prefix; those of one key come the newest first."""
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            held = [Version.of(each, is_marker=False) for each in page.get("Versions", [])]
            markers = [Version.of(each, is_marker=True) for each in page.get("DeleteMarkers", [])]
            yield from sorted((*held, *markers), key=lambda each: each.modified, reverse=True)

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys of all objects under a prefix."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            yield from (each["Key"] for each in page.get("Contents", []))

    def content(self, key: str) -> bytes | None:
        """All of a small object; None if there is none. Raises Unreadable."""
        try:
            return b"".join(self.pieces(key))
        except Absent:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Write a small object, as JSON."""
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=content, ContentType="application/json", ChecksumAlgorithm="SHA256"
        )

    def delete(self, versions: Iterable[Version]) -> int:
        """Delete these versions permanently; returns how many. Raises NotDeleted for those that S3 keeps."""
        deleted, batch = 0, list(versions)
        while batch:
            now, batch = batch[:MOST_AT_ONCE], batch[MOST_AT_ONCE:]
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": each.key, "VersionId": each.id} for each in now], "Quiet": True},
            )
            if errors := answer.get("Errors"):
                first = errors[0]
                said = f"{first.get('Code')}: {first.get('Message')}"
                raise NotDeleted(f"S3 keeps {len(errors)} versions, the first of them {first.get('Key')}: {said}")
            deleted += len(now)
        return deleted

    def abort_uploads(self, prefix: str) -> None:
        """End uploads under a prefix which died before they were completed: their parts are stored, and not listed."""
        for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix):
            for each in page.get("Uploads", []):
                with suppress(self._client.exceptions.NoSuchUpload):
                    self._client.abort_multipart_upload(Bucket=self._bucket, Key=each["Key"], UploadId=each["UploadId"])

    def expires_after_days(self, prefix: str) -> int:
        """The days after which the bucket's rules delete every object under a prefix; 0 for never."""
        try:
            rules = self._client.get_bucket_lifecycle_configuration(Bucket=self._bucket)["Rules"]
        except ClientError as error:
            if error.response["Error"].get("Code") == "NoSuchLifecycleConfiguration":
                return 0
            raise
        days = [
            rule.get("Expiration", {}).get("Days", 0)
            for rule in rules
            if rule["Status"] == "Enabled" and prefix in (rule.get("Filter", {}).get("Prefix"), rule.get("Prefix"))
        ]
        return min(filter(None, days), default=0)

    def has_lock(self) -> bool:
        """Whether the bucket has object lock, without which nothing in it can be held."""
        try:
            self._client.get_object_lock_configuration(Bucket=self._bucket)
        except ClientError as error:
            if error.response["Error"].get("Code") == "ObjectLockConfigurationNotFoundError":
                return False
            raise
        return True

    def is_held(self, version: Version) -> bool:
        """Whether a version of an object is under legal hold; asked only of a bucket that has object lock."""
        try:
            hold = self._client.get_object_legal_hold(Bucket=self._bucket, Key=version.key, VersionId=version.id)
        except ClientError as error:
            if error.response["Error"].get("Code") in _NEVER_HELD:
                return False
            raise
        return hold["LegalHold"].get("Status") == "ON"

    def hold(self, version: Version, *, on: bool) -> None:
        """Put a version under legal hold, or release it; twice is the same as once."""
        hold: ObjectLockLegalHoldTypeDef = {"Status": "ON" if on else "OFF"}
        self._client.put_object_legal_hold(Bucket=self._bucket, Key=version.key, VersionId=version.id, LegalHold=hold)

    def version_with(self, key: str, sha256: str) -> str:
        """The newest version of an object that has this hash; '' if none has."""
        for version in self.versions(key):
            if version.key == key and not version.is_marker:
                digest = self.digest(key, version.id)
                if digest and digest.sha256 == sha256:
                    return version.id
        return ""
