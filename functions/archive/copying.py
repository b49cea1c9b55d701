"""A recording's audio, streamed into the bucket: checked and measured as it passes, in constant memory."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from archive.audio import CONTENT_TYPES, format_of, meter
from archive.faults import NotArchived
from dialtone.recordings import AudioCopy, object_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.bucket import RecordingsBucket, Upload
    from dialtone.recordings import Recording

PART_BYTES = 8 * 1_048_576
"""S3 wants 5 MiB or more and at most 10,000 of them: memory for three, room for 80 GB."""

SHOWN_BYTES = 16
"""Of what came instead of audio, for the reason: enough to know a page, too little to tell anything."""


def copy_audio(pieces: Iterable[bytes], bucket: RecordingsBucket, recording: Recording) -> tuple[AudioCopy, str]:
    """Copy a recording's audio into the bucket; give what was copied, and its format by its own first bytes.

    Where audio lies under the key already, that stays; whether it is the same shows when it is read back.
    Raises NotArchived for what is no whole recording, and what `pieces` and botocore raise; no object is made then.
    """
    parts = _parts(pieces)
    first = next(parts, b"")
    audio_format = format_of(first)
    if not first:
        raise NotArchived("what came is empty")
    if not audio_format:
        raise NotArchived(f"what came is neither WAV nor MP3: it begins with {first[:SHOWN_BYTES]!r}")
    key = object_key(recording, audio_format)
    upload = bucket.begin(key, CONTENT_TYPES[audio_format])
    try:
        copied = _passed(first, parts, upload, key, audio_format)
        if not upload.complete():
            upload.abort()
    except BaseException:
        upload.abort()
        raise
    return copied, audio_format


def _passed(first: bytes, rest: Iterator[bytes], upload: Upload, key: str, audio_format: str) -> AudioCopy:
    length, sha256, measure = 0, hashlib.sha256(), meter(audio_format)
    part = first
    while part:
        length += len(part)
        sha256.update(part)
        measure.feed(part)
        upload.add(part)
        part = next(rest, b"")
    if measure.missing_bytes:
        raise NotArchived(f"what came is cut short: its header promises {measure.missing_bytes} bytes more")
    return AudioCopy(key, length, sha256.hexdigest(), measure.duration_millis)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of equal length, the last one shorter: always the same parts of the same bytes."""
    held: list[memoryview] = []
    missing = PART_BYTES
    for piece in pieces:
        view = memoryview(piece)
        while len(view) >= missing:
            held.append(view[:missing])
            view, missing = view[missing:], PART_BYTES
            part = b"".join(held)
            held.clear()
            yield part
            del part
        if view:
            held.append(view)
            missing -= len(view)
    if held:
        yield b"".join(held)
