"""Audio files as they pass: what format they are, how long they play, and whether their end is missing. Pure.

WAV: RIFF chunks (Microsoft's Multimedia Programming Interface, 1991). MP3: ISO 11172-3 and 13818-3 frame headers, and
ID3v2 tags before them (id3.org).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Protocol

MP3, WAV = "mp3", "wav"
CONTENT_TYPES = {MP3: "audio/mpeg", WAV: "audio/wav"}

MILLIS = 1_000

WAV_SIZE_UNKNOWN_FROM = 0x7FFF_F000
"""Programs that write to a pipe cannot go back to fill the sizes in: sox leaves this, ffmpeg 0xFFFFFFFF."""

_RIFF_HEADER_BYTES, _CHUNK_HEADER_BYTES, _ID3_HEADER_BYTES, _FRAME_HEADER_BYTES = 12, 8, 10, 4


class Meter(Protocol):
    """What listens to a file as it passes."""

    def feed(self, piece: bytes) -> None:
        """The next piece, of any length."""
        ...

    @property
    def duration_millis(self) -> int | None:
        """How long what passed plays; None where it does not tell."""
        ...

    @property
    def missing_bytes(self) -> int:
        """How much the file's own header promises beyond what passed."""
        ...


def format_of(start: bytes) -> str:
    """`wav`, `mp3`, or '' for what is neither, by a file's first bytes."""
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return WAV
    if start[:3] == b"ID3" or _frame(start[:_FRAME_HEADER_BYTES]):
        return MP3
    return ""


def meter(audio_format: str) -> Meter:
    """What measures a file of that format."""
    return WavMeter() if audio_format == WAV else Mp3Meter()


class WavMeter:
    """Reads the header in the first piece, then counts bytes. The header must lie in the first piece wholly."""

    def __init__(self) -> None:
        self._length = 0
        self._header = _WavHeader()

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        if not self._length:
            self._header = _wav_header(piece)
        self._length += len(piece)

    @property
    def duration_millis(self) -> int | None:
        """Exact: bytes of sound by bytes a second."""
        header = self._header
        if not header.bytes_a_second or not header.sound_at:
            return None
        came = self._length - header.sound_at
        sound = came if header.sound_bytes is None else min(header.sound_bytes, came)
        return round(sound * MILLIS / header.bytes_a_second)

    @property
    def missing_bytes(self) -> int:
        """What the chunk of sound should hold and the file did not bring."""
        header = self._header
        return max(0, header.sound_at + header.sound_bytes - self._length) if header.sound_bytes is not None else 0


@dataclass(frozen=True, slots=True)
class _WavHeader:
    bytes_a_second: int = 0
    sound_at: int = 0
    """Where the sound begins; 0 if it was not found."""
    sound_bytes: int | None = None
    """None where the header does not know."""


def _wav_header(start: bytes) -> _WavHeader:
    bytes_a_second, position = 0, _RIFF_HEADER_BYTES
    while position + _CHUNK_HEADER_BYTES <= len(start):
        name, size = struct.unpack_from("<4sI", start, position)
        position += _CHUNK_HEADER_BYTES
        if name == b"fmt " and position + 12 <= len(start):
            (bytes_a_second,) = struct.unpack_from("<I", start, position + 8)
        if name == b"data":
            return _WavHeader(bytes_a_second, position, None if size >= WAV_SIZE_UNKNOWN_FROM else size)
        position += size + size % 2  # chunks begin at even places
    return _WavHeader(bytes_a_second)


class Mp3Meter:
    """Walks from frame header to frame header; what lies between is passed over unread."""

    def __init__(self) -> None:
        self._held = b""
        self._skip = 0
        """Bytes to the next header, beyond what is held."""
        self._begun = False
        self._lost = False
        self._millis = 0.0

    def feed(self, piece: bytes) -> None:
        """The next piece."""
        if self._lost or len(piece) <= self._skip:
            self._skip -= min(self._skip, len(piece))
            return
        data = self._held + piece[self._skip :]
        position = 0
        while len(data) - position >= self._header_bytes and not self._lost:
            position += self._length_at(data, position)
        self._held = data[position:]
        self._skip = max(0, position - len(data))

    @property
    def duration_millis(self) -> int | None:
        """By the frames' own sample counts, to within the frame or two that an encoder adds; None if they were lost."""
        return round(self._millis) if self._millis and not self._lost else None

    @property
    def missing_bytes(self) -> int:
        """Always 0: frames promise nothing about the file."""
        return 0

    @property
    def _header_bytes(self) -> int:
        return _FRAME_HEADER_BYTES if self._begun else _ID3_HEADER_BYTES

    def _length_at(self, data: bytes, position: int) -> int:
        if not self._begun and data[position : position + 3] == b"ID3":
            return _id3_bytes(data[position : position + _ID3_HEADER_BYTES])
        self._begun = True
        if data[position : position + 3] == b"TAG":  # ID3v1: the last 128 bytes
            return 128
        frame = _frame(data[position : position + _FRAME_HEADER_BYTES])
        if frame is None:
            self._lost = True
            return 0
        self._millis += frame.millis
        return frame.length_bytes


@dataclass(frozen=True, slots=True)
class _Frame:
    length_bytes: int
    millis: float


_MPEG_1, _MPEG_RESERVED, _LAYER_3 = 3, 1, 1
_KBPS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By index, for MPEG-1 and for the half sampling frequencies of MPEG-2 and 2.5; 0 is a free format, 15 forbidden."""
_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _frame(header: bytes) -> _Frame | None:
    """The layer III frame that begins with these four bytes; None if none does."""
    if len(header) < _FRAME_HEADER_BYTES or header[0] != 0xFF or header[1] >> 5 != 0b111:  # noqa: PLR2004 -- eleven bits set
        return None
    version, layer = header[1] >> 3 & 0b11, header[1] >> 1 & 0b11
    rate, hertz, padding = header[2] >> 4, header[2] >> 2 & 0b11, header[2] >> 1 & 1
    if version == _MPEG_RESERVED or layer != _LAYER_3 or not 0 < rate < 15 or hertz == 3:  # noqa: PLR2004 -- reserved ones
        return None
    full = version == _MPEG_1
    samples = 1_152 if full else 576
    frequency = _HERTZ[version][hertz]
    return _Frame(samples // 8 * _KBPS[full][rate] * 1_000 // frequency + padding, samples * MILLIS / frequency)


def _id3_bytes(header: bytes) -> int:
    """The length of a tag: four times seven bits, and the header itself."""
    size = 0
    for byte in header[6:10]:
        size = size << 7 | byte & 0x7F
    return _ID3_HEADER_BYTES + size
