"""Where a list lies: a file, standard input, or an object in S3; read in pieces."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from dialtone.domain.errors import DialtoneError
from infra.operations import aws

PIECE_BYTES = 256 * 1024
S3 = "s3://"


class Readable(Protocol):
    """A file, or the body of an answer."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at its end."""
        ...


def pieces(where: str) -> Iterator[bytes]:
    """The bytes of a list. Raises DialtoneError and OSError if there is none."""
    if where == "-":
        yield from _pieces(sys.stdin.buffer)
    elif where.startswith(S3):
        yield from _pieces(_object(where))
    else:
        with Path(where).open("rb") as file:
            yield from _pieces(file)


def _pieces(body: Readable | BinaryIO) -> Iterator[bytes]:
    while piece := body.read(PIECE_BYTES):
        yield piece


def _object(where: str) -> Readable:
    bucket, _, key = where.removeprefix(S3).partition("/")
    if not bucket or not key:
        raise DialtoneError(f"{where} is not an object: write s3://bucket/key")
    client = aws.client("s3")
    try:
        body: Readable = client.get_object(Bucket=bucket, Key=key)["Body"]
    except (client.exceptions.NoSuchKey, client.exceptions.NoSuchBucket):
        raise DialtoneError(f"there is no {where}: check its name") from None
    return body
