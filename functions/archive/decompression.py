"""Decompresses a gzipped download in constant memory. Pure.

The first bytes decide, not `content-encoding`, which is often wrong: no audio begins like gzip.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from archive.audio import LARGEST_BYTES
from archive.retries import NotArchived, TooLong

GZIP = b"\x1f\x8b\x08"
AT_ONCE_BYTES = 131_072
"""Decompressed per step: a few bytes can expand to gigabytes."""


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes, decompressed if they are gzip. Raises NotArchived for corrupt gzip, TooLong for too much."""
    coming = iter(pieces)
    start = b""
    while len(start) < len(GZIP) and (piece := next(coming, b"")):
        start += piece
    everything = chain((start,), coming) if start else coming
    return _gunzipped(everything) if start.startswith(GZIP) else everything


def _gunzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    member, came = _member(), 0
    try:
        for piece in pieces:
            left, full = piece, False
            while left or full:
                if member.eof:
                    if not GZIP.startswith(left[: len(GZIP)]):
                        return  # padding, or other trailing bytes
                    member = _member()  # gzip members may follow one another
                out = member.decompress(left, AT_ONCE_BYTES)
                full = len(out) == AT_ONCE_BYTES and not member.eof  # zlib may still hold output
                left = member.unused_data if member.eof else member.unconsumed_tail
                came += len(out)
                if came > LARGEST_BYTES:
                    raise TooLong(f"the response decompresses to more than {LARGEST_BYTES} bytes")
                if out:
                    yield out
    except zlib.error:
        raise NotArchived("the response is broken gzip") from None
    if not member.eof:
        raise NotArchived("the response is cut short: it is gzip without an end")


def _member() -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)
