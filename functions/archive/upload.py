"""Streams a recording's audio into the bucket in constant memory, measuring it on the way.

Bytes are stored first and checked afterwards, except when a retry may get better ones: for a page instead of audio, or
a truncated body. At the last attempt these are stored, too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from archive.audio import CONTENT_TYPES, UNKNOWN, WAV, Sound, format_of, looks_like_page, meter, wav_sound_at
from archive.bucket import SENDERS
from archive.retries import CallErased, NotArchived, PermanentFailure
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import AudioCopy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.bucket import RecordingsBucket, Upload
    from dialtone.domain.recordings import Recording

PART_BYTES = 8 * 1_048_576
"""S3 requires 5 MiB or more and at most 10,000 parts: memory for three, room for 80 GB."""

SHOWN_BYTES = 16
"""Quoted from a response that is not audio: enough to recognise a page, too little to leak data."""

SOUND_BYTES = 64
"""Fewer bytes of audio may look like text by chance."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied into the bucket."""

    audio: AudioCopy
    format: str
    """Detected from the first bytes."""
    sound: Sound
    fault: str = ""
    """Why this cannot be the whole recording; '' if it may be."""


def copy_audio(
    pieces: Iterable[bytes],
    bucket: RecordingsBucket,
    recording: Recording,
    *,
    keep_faulty: bool = False,
    is_refused: Callable[[], bool] = lambda: False,
) -> Copied:
    """Copy a recording's audio into the bucket, next to an earlier copy if that was doubtful.

    Existing audio under the key stays; reading it back shows whether it is the same. A copy equal to the earlier one is
    not stored twice. Raises NotArchived for an empty body, and for a page or a truncated body unless `keep_faulty`;
    CallErased if `is_refused` returns true at the end; and the errors of `pieces` and botocore. No object is created
    then.
    """
    coming = _UntilCut(pieces)
    parts = _parts(coming)
    first = next(parts, b"")
    if not first:
        raise NotArchived(coming.fault or "the response is empty")
    audio_format = format_of(first)
    fault = _page(first, audio_format)
    if fault and not keep_faulty:
        raise NotArchived(fault)
    earlier = recording.audio if recording.content_doubt else None
    number = earlier.number + 1 if earlier else 1
    key = object_key(recording, audio_format if number == 1 else f"{number}.{audio_format}")
    upload = bucket.begin(key, CONTENT_TYPES[audio_format], recording.retention_days)
    try:
        copied = _passed(first, parts, upload, audio_format, AudioCopy(key, 0, "", number=number))
        again = earlier is not None and earlier.sha256 == copied.audio.sha256
        cut = bool(coming.fault) and not keep_faulty
        upload.wait()
        _check(is_refused)
        if again or cut or not upload.complete():
            upload.abort()
    except BaseException:
        upload.abort()
        raise
    if cut:
        raise NotArchived(coming.fault)
    audio = earlier if again and earlier else copied.audio
    return Copied(audio, copied.format, copied.sound, coming.fault or fault)


def _check(is_refused: Callable[[], bool]) -> None:
    if is_refused():
        raise CallErased("its call was erased meanwhile")


def _page(first: bytes | bytearray, audio_format: str) -> str:
    """Why this is text, not audio, even after a WAV header; '' if it may be audio."""
    content = first[wav_sound_at(first) :] if audio_format == WAV else first
    least = SOUND_BYTES if audio_format == WAV else 0
    if audio_format not in (UNKNOWN, WAV) or len(content) < least or not looks_like_page(content):
        return ""
    return f"the response is text, not audio: it begins with {bytes(content[:SHOWN_BYTES])!r}"


def _passed(
    first: bytes | bytearray, rest: Iterator[bytearray], upload: Upload, audio_format: str, empty: AudioCopy
) -> Copied:
    length, sha256, measure = 0, hashlib.sha256(), meter(audio_format)
    part = first
    while part:
        length += len(part)
        sha256.update(part)
        measure.feed(part)
        upload.add(part)
        part = next(rest, b"")
    sound = measure.sound()
    audio = AudioCopy(empty.key, length, sha256.hexdigest(), sound.duration_millis, empty.number, sound.peaks)
    return Copied(audio, audio_format, sound)


class _UntilCut:
    """Passes chunks on until they end; `fault` says why if they ended too soon."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.fault = ""

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except PermanentFailure:
            raise  # a retry cannot help
        except NotArchived as cut:
            self.fault = str(cut)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytearray]:
    """The bytes in parts of equal length, the last one shorter; the same bytes always give the same parts.

    However small the chunks, a part takes no more memory than its bytes. Buffers are reused, because allocating costs
    more than copying: a part is overwritten when SENDERS more have been taken and another is requested. By then
    `Upload.add` has waited for it.
    """
    parts = cycle([bytearray() for _ in range(SENDERS + 1)])
    part, filled = next(parts), 0
    for piece in pieces:
        view = memoryview(piece)
        while filled + len(view) >= PART_BYTES:
            room = PART_BYTES - filled
            part[filled:] = view[:room]
            view = view[room:]
            yield part
            part, filled = next(parts), 0
        part[filled : filled + len(view)] = view
        filled += len(view)
    if filled:
        del part[filled:]
        yield part
