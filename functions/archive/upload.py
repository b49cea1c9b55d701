"""Streams a recording's audio into the bucket in constant memory, and measures it on the way.

The bytes are kept first and judged second. Only what another try may bring better is not kept yet: a page instead of
audio, and a body that was cut short. At the last try those are kept, too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from archive.audio import CONTENT_TYPES, UNKNOWN, WAV, Sound, format_of, looks_like_page, meter, wav_sound_at
from archive.bucket import SENDERS
from archive.errors import CallErased, NotArchived, PermanentFailure
from dialtone.domain.recordings import AudioCopy, object_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from archive.bucket import RecordingsBucket, Upload
    from dialtone.domain.recordings import Recording

PART_BYTES = 8 * 1_048_576
"""S3 wants 5 MiB or more and at most 10,000 of them: memory for three, room for 80 GB."""

SHOWN_BYTES = 16
"""Quoted from a response that is not audio: enough to recognise a page, too little to leak anything."""

SOUND_BYTES = 64
"""Fewer bytes of sound may be readable text by chance."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied into the bucket."""

    audio: AudioCopy
    format: str
    """By its own first bytes."""
    sound: Sound
    fault: str = ""
    """Why this is no whole recording, whatever it holds; '' if it may be one."""


def copy_audio(
    pieces: Iterable[bytes],
    bucket: RecordingsBucket,
    recording: Recording,
    *,
    keep_faulty: bool = False,
    is_refused: Callable[[], bool] = lambda: False,
) -> Copied:
    """Copy a recording's audio into the bucket, beside an earlier copy if that was a doubtful one.

    Where audio lies under the key already, that stays; whether it is the same shows when it is read back. What is the
    same as the earlier copy is not kept twice. Raises NotArchived for a page and for a body cut short, unless
    `keep_faulty`, for nothing at all, CallErased if `is_refused` says so in the end, and what `pieces` and botocore
    raise; no object is made then.
    """
    coming = _UntilCut(pieces)
    parts = _parts(coming)
    first = next(parts, b"")
    if not first:
        raise NotArchived(coming.fault or "what came is empty")
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
    """Why this is text, not audio, with or without a WAV header in front; '' if it may be audio."""
    content = first[wav_sound_at(first) :] if audio_format == WAV else first
    least = SOUND_BYTES if audio_format == WAV else 0
    if audio_format not in (UNKNOWN, WAV) or len(content) < least or not looks_like_page(content):
        return ""
    return f"what came is text, not audio: it begins with {bytes(content[:SHOWN_BYTES])!r}"


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
    """Pieces until they end, or end too soon: then `fault` says why."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.fault = ""

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except PermanentFailure:
            raise  # no try will bring another end
        except NotArchived as cut:
            self.fault = str(cut)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytearray]:
    """The same bytes in parts of equal length, the last one shorter: always the same parts of the same bytes.

    However small the pieces are, a part takes no more memory than its bytes. They take turns, since memory that is new
    costs more than what is copied into it. So a part is gone once SENDERS more have been taken and another is asked
    for: by then `Upload.add` has waited for it.
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
