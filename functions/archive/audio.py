"""Measures audio while it streams: its format, its duration, and how many bytes of it are not audio. Pure.

The bytes decide, not the headers: sizes in headers are wrong if a program wrote to a pipe, stopped early or edited
carelessly. Headers show where to look; the duration is counted.

WAV: RIFF chunks (Microsoft's Multimedia Programming Interface, 1991), with 64-bit sizes (EBU Tech 3306: RF64, BW64).
MP3: ISO 11172-3 and 13818-3 frame headers of all three layers; ID3v1, ID3v2 (id3.org) and APEv2 tags are passed over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from archive.peaks import HIGHEST_HERTZ, LOWEST_HERTZ, MOST_CHANNELS, SAMPLE_BYTES, Levels, WavLevels, frame_levels
from dialtone.domain.units import MILLIS_PER_SECOND

MP3, WAV, UNKNOWN = "mp3", "wav", "bin"
CONTENT_TYPES = {
    MP3: "audio/mpeg",
    WAV: "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "amr": "audio/amr",
    "aiff": "audio/aiff",
    "au": "audio/basic",
    "webm": "audio/webm",
    UNKNOWN: "application/octet-stream",
}
"""Format, which is also a key's extension → content type. Telnyx makes the first two; others are stored unmeasured."""


LONGEST_SECONDS = 43_200
"""The longest recording that Telnyx makes (`record_max_length` of an answer)."""
LARGEST_BYTES = 2 * LONGEST_SECONDS * 2 * 2 * 8_000
"""LONGEST_SECONDS as 16-bit stereo WAV at 8 kHz, doubled as a margin for wideband audio: 2.8 GB."""

WAV_SIZE_UNKNOWN_FROM = 0x7FFF_F000
"""Programs that write to a pipe cannot fill in the sizes afterwards: sox leaves this value, ffmpeg 0xFFFFFFFF, others
0."""

PROBED_BYTES = 262_144
"""The range searched for an MP3's first frames, after tags and zeros."""
TAGS_BEYOND_BYTES = 1_048_576
"""A file whose first bytes, this many, are all tags (mostly pictures) is an MP3 whose frames come later."""

MAX_STRAY_BYTES = 1_048_576
"""The search for the next frame stops after this many bytes, to save time."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The measurements of an audio file."""

    duration_millis: int | None = None
    """None if unknown."""
    channels: int = 0
    """0 if unknown."""
    missing_bytes: int = 0
    """Bytes that are missing according to the file itself: a WAV's header, or an MP3's last frame."""
    stray_bytes: int = 0
    """Bytes that are neither audio, nor a tag, nor padding."""
    peaks: str = field(default="", compare=False)
    """The waveform (`peaks.py`); '' if the format does not show it."""


class Meter(Protocol):
    """Measures a file as it streams."""

    def feed(self, piece: bytes | bytearray) -> None:
        """Take the next chunk, of any length."""
        ...

    def sound(self) -> Sound:
        """The measurements. Call it once, at the end."""
        ...


def format_of(start: bytes | bytearray) -> str:
    """The format, by a file's first bytes; UNKNOWN if it is not in CONTENT_TYPES."""
    if _is_wav(start):
        return WAV
    for name, place, signature in _SIGNATURES:
        if start[place : place + len(signature)] == signature:
            return name
    return MP3 if _is_mp3(start) else UNKNOWN


_SIGNATURES = (
    ("flac", 0, b"fLaC"),
    ("ogg", 0, b"OggS"),
    ("m4a", 4, b"ftyp"),
    ("amr", 0, b"#!AMR"),
    ("aiff", 8, b"AIFF"),
    ("aiff", 8, b"AIFC"),
    ("au", 0, b".snd"),
    ("webm", 0, b"\x1a\x45\xdf\xa3"),
    *(("aac", 0, bytes((0xFF, each))) for each in (0xF0, 0xF1, 0xF8, 0xF9)),  # ADTS: layer 0, which MP3 does not have
)

_PAGE_BEGINNINGS = (b"<!doctype", b"<html", b"<?xml", b"<error", b'"error')
PAGE_BYTES = 4_096
"""Enough bytes to recognise a page."""


def looks_like_page(start: bytes | bytearray) -> bool:
    """Whether bytes of no known audio format are text: an error page, a storage's XML or JSON, a proxy's message."""
    shown = bytes(start[:PAGE_BYTES])
    if shown.startswith((b"\xff\xfe", b"\xfe\xff")) or any(mark in shown.lower() for mark in _PAGE_BEGINNINGS):
        return True
    try:
        text = shown.decode()
    except UnicodeDecodeError as error:
        if error.start < len(shown) - 3:  # a multi-byte character may be cut at the end
            return False
        text = shown[: error.start].decode()
    return all(letter.isprintable() or letter.isspace() for letter in text.removeprefix("\ufeff"))


def meter(audio_format: str) -> Meter:
    """The meter for a format."""
    if audio_format == WAV:
        return WavMeter()
    return Mp3Meter() if audio_format == MP3 else Unmeasured()


class Unmeasured:
    """A meter for formats that are stored without measuring."""

    def feed(self, piece: bytes | bytearray) -> None:
        """Do nothing."""

    def sound(self) -> Sound:
        """No measurements."""
        return Sound()


# --- WAV ---

_RIFF_HEADER_BYTES, _CHUNK_HEADER_BYTES = 12, 8
_FMT_BYTES, _DS64_BYTES = 26, 16
"""Bytes read of these chunks: up to the sub-format of WAVE_FORMAT_EXTENSIBLE, and up to the data size."""
_ANY_SIZE = 0xFFFF_FFFF
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_UNCOMPRESSED = frozenset({_PCM, _FLOAT, _ALAW, _ULAW})


def _is_wav(start: bytes | bytearray) -> bool:
    return start[:4] in (b"RIFF", b"RF64", b"BW64") and start[8:12] == b"WAVE"


def wav_sound_at(start: bytes | bytearray) -> int:
    """The offset of a WAV's audio data; if it is not in these first bytes, the end of the RIFF header."""
    measure = WavMeter()
    measure.feed(start)
    return measure.sound_at or _RIFF_HEADER_BYTES


class WavMeter:
    """Walks from chunk to chunk and reads only the format; all other content is skipped."""

    def __init__(self) -> None:
        self._length = 0
        self._held = b""
        """The received part of the next chunk's header."""
        self._next_at: int | None = _RIFF_HEADER_BYTES
        """Offset of the next chunk; None if unknown."""
        self._bytes_a_second = 0
        self._channels = 0
        self.sound_at = 0
        """Offset of the audio data; 0 if not found."""
        self._promised: int | None = None
        """Size of the audio data according to the header; None if it does not say."""
        self._long_size = 0
        """The same from a header with 64-bit sizes."""
        self._levels: WavLevels | None = None

    def feed(self, piece: bytes | bytearray) -> None:
        """The next piece."""
        data, at = (self._held + piece if self._held else piece), self._length - len(self._held)
        came = self._length
        self._length += len(piece)
        self._held = b""
        while self._next_at is not None and self._next_at < self._length:
            offset = self._next_at - at
            if not self._chunk(data, offset):
                self._held = bytes(data[offset:])
                break
        if self._levels and self.sound_at:
            start = max(0, self.sound_at - came)
            end = len(piece) if self._promised is None else min(len(piece), self.sound_at + self._promised - came)
            if start < end:
                self._levels.feed(piece, start, end)

    def sound(self) -> Sound:
        """The duration is the audio's size divided by its byte rate; without both, nothing is known."""
        if not self.sound_at:
            return Sound(channels=self._channels)
        peaks = self._levels.levels.text() if self._levels else ""
        came = self._length - self.sound_at
        promised = came if self._promised is None else self._promised
        bytes_of_sound = promised if promised < came and self._ends_with_chunks() else came
        duration = round(bytes_of_sound * MILLIS_PER_SECOND / self._bytes_a_second) if self._bytes_a_second else None
        return Sound(duration, self._channels, missing_bytes=max(0, promised - came), peaks=peaks)

    def _chunk(self, data: bytes | bytearray, offset: int) -> bool:
        """Read a chunk's header. False if it is still incomplete."""
        if len(data) - offset < _CHUNK_HEADER_BYTES:
            return False
        name, size = struct.unpack_from("<4sI", data, offset)
        body = offset + _CHUNK_HEADER_BYTES
        wanted = min(size, {b"fmt ": _FMT_BYTES, b"ds64": _DS64_BYTES}.get(name, 0))
        if len(data) - body < wanted:
            return False
        at = (self._next_at or 0) + _CHUNK_HEADER_BYTES
        if not name.isascii() or not name.decode().isprintable():
            self._next_at = None  # not a chunk: the header's sizes were wrong
            return True
        if name == b"fmt ":
            self._take_format(bytes(data[body : body + wanted]))
        elif name == b"ds64" and wanted == _DS64_BYTES:
            (self._long_size,) = struct.unpack_from("<Q", data, body + 8)
        elif name == b"data" and not self.sound_at:
            self.sound_at = at
            size = self._long_size if size == _ANY_SIZE and self._long_size else size
            known = 0 < size < WAV_SIZE_UNKNOWN_FROM or (self._long_size == size and size)
            self._promised = size if known else None
            if not known:
                self._next_at = None
                return True
        self._next_at = at + size + size % 2  # chunks begin at even offsets
        return True

    def _take_format(self, fmt: bytes) -> None:
        if len(fmt) < 16:  # noqa: PLR2004 -- the shortest there is
            return
        tag, channels, rate, average, _, bits = struct.unpack_from("<HHIIHH", fmt)
        if tag == _EXTENSIBLE and len(fmt) == _FMT_BYTES:
            (tag,) = struct.unpack_from("<H", fmt, 24)
        exact = rate * channels * -(-bits // 8) if tag in _UNCOMPRESSED else 0
        self._bytes_a_second, self._channels = exact or average, channels
        is_drawn = tag == _PCM and bits == 8 * SAMPLE_BYTES and 0 < channels <= MOST_CHANNELS
        if is_drawn and LOWEST_HERTZ <= rate <= HIGHEST_HERTZ:
            self._levels = WavLevels(channels, rate)

    def _ends_with_chunks(self) -> bool:
        """Whether valid chunks follow the audio up to the last byte; otherwise these bytes are audio, too."""
        return self._next_at in (self._length, self._length + 1)


# --- MP3 ---

_LOOK_AHEAD_BYTES = 32
"""The longest header: of an APEv2 tag."""
_ID3_HEADER_BYTES, _ID3_FOOTER, _ID3V1_BYTES, _APE_HEADER_BYTES, _APE_IS_HEADER = 10, 0x10, 128, 32, 1 << 29
_FRAME_HEADER_BYTES = 4
_SHORTEST_FRAME_BYTES, _LONGEST_FREE_FRAME_BYTES = 24, 8_192

_CONFIRMED_AT_START, _CONFIRMED_AFTER_STRAY = 1, 2
"""How many frames must follow a first one, which may be found by chance: more where a frame is less likely."""

_MPEG_1, _MPEG_RESERVED, _LAYER_1, _LAYER_2, _LAYER_3, _LAYER_RESERVED = 3, 1, 3, 2, 1, 0
_KBPS = {
    (True, _LAYER_1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, _LAYER_2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, _LAYER_3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, _LAYER_1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, _LAYER_2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, _LAYER_3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By MPEG-1 or not, layer, and index. Index 0 means free format; 15 is forbidden."""
_HERTZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_SAMPLES = {
    (True, _LAYER_1): 384,
    (True, _LAYER_2): 1_152,
    (True, _LAYER_3): 1_152,
    (False, _LAYER_1): 384,
    (False, _LAYER_2): 1_152,
    (False, _LAYER_3): 576,
}
_MONO = 3


@dataclass(frozen=True, slots=True)
class _Frame:
    kind: tuple[int, int, int]
    """Version, layer and sampling frequency: the same in all frames of a file."""
    length_bytes: int
    """0 for free format: its length shows only when the next frame is found."""
    padding_bytes: int
    millis: float
    channels: int


@lru_cache(256)
def _frame(header: bytes) -> _Frame | None:
    """The frame that begins with these four bytes, or None. Cached: a file has only a few different headers."""
    if len(header) < _FRAME_HEADER_BYTES or header[0] != 0xFF or header[1] >> 5 != 0b111:  # noqa: PLR2004 -- eleven bits set
        return None
    version, layer = header[1] >> 3 & 0b11, header[1] >> 1 & 0b11
    rate, hertz, padded = header[2] >> 4, header[2] >> 2 & 0b11, header[2] >> 1 & 1
    if version == _MPEG_RESERVED or layer == _LAYER_RESERVED or rate == 15 or hertz == 3:  # noqa: PLR2004 -- reserved ones
        return None
    full = (version == _MPEG_1, layer)
    samples, frequency = _SAMPLES[full], _HERTZ[version][hertz]
    slot = 4 if layer == _LAYER_1 else 1
    length = samples // 8 * _KBPS[full][rate] * 1_000 // frequency // slot * slot
    channels = 1 if header[3] >> 6 == _MONO else 2
    padding = padded * slot
    return _Frame(
        (version, layer, hertz), length and length + padding, padding, samples * MILLIS_PER_SECOND / frequency, channels
    )


def _frame_at(data: bytes | bytearray, position: int) -> _Frame | None:
    return _frame(bytes(data[position : position + _FRAME_HEADER_BYTES]))


def _is_mp3(start: bytes | bytearray) -> bool:
    at = _past_tags(start)
    if at >= len(start):
        return len(start) >= TAGS_BEYOND_BYTES
    at += len(start) - at - len(start[at:].lstrip(b"\0"))
    probe = Mp3Meter()
    probe.feed(start[at : at + PROBED_BYTES])
    return bool(probe.sound().duration_millis)


def _past_tags(start: bytes | bytearray) -> int:
    at = 0
    while tag := _tag_bytes(start, at):
        at += tag
    return at


def _tag_bytes(data: bytes | bytearray, at: int) -> int:
    """The length of the tag at this offset; 0 if there is none."""
    if data[at : at + 3] == b"ID3":
        return _id3_bytes(data[at : at + _ID3_HEADER_BYTES])
    if data[at : at + 3] == b"TAG":  # ID3v1: the last 128 bytes
        return _ID3V1_BYTES
    if data[at : at + 8] == b"APETAGEX" and len(data) - at >= _APE_HEADER_BYTES:
        size, _, flags = struct.unpack_from("<III", data, at + 12)
        return _APE_HEADER_BYTES + (size if flags & _APE_IS_HEADER else 0)
    return 0


def _id3_bytes(header: bytes | bytearray) -> int:
    """The tag's length: four times seven bits, plus its header, plus a footer if flagged.

    0 if it is not a valid tag.
    """
    if len(header) < _ID3_HEADER_BYTES or any(byte & 0x80 for byte in header[6:10]):
        return 0
    size = 0
    for byte in header[6:10]:
        size = size << 7 | byte
    return size + _ID3_HEADER_BYTES * (2 if header[5] & _ID3_FOOTER else 1)


class Mp3Meter:
    """Walks from frame header to frame header; everything between is skipped.

    If no frame begins where it should, the next one is searched for. Skipped zeros are padding, other bytes stray.
    """

    def __init__(self) -> None:
        self._held: bytes | bytearray = b""
        self._skip = 0
        """Bytes to skip before the next header."""
        self._kind: tuple[int, int, int] | None = None
        self._in_step = False
        """Whether the next frame should begin here."""
        self._in_frame = False
        """Whether the last skipped element is a frame, not a tag."""
        self._free_bytes = 0
        """Length of free-format frames, without padding."""
        self._stray = 0
        self._millis = 0.0
        self._channels = 0
        self._levels = Levels()

    def feed(self, piece: bytes | bytearray) -> None:
        """The next piece."""
        if len(piece) <= self._skip:
            self._skip -= len(piece)
            return
        coming = piece[self._skip :] if self._skip else piece
        data = self._held + coming if self._held else coming
        position = self._walk(data, end=False)
        self._held, self._skip = data[position:], max(0, position - len(data))

    def sound(self) -> Sound:
        """The duration from the frames' sample counts, exact except for the one or two frames that an encoder adds."""
        beyond = self._walk(self._held, end=True) - len(self._held)
        self._skip, self._held = max(self._skip, beyond), b""
        missing = self._skip if self._in_frame else 0
        return Sound(
            round(self._millis),
            self._channels,
            missing_bytes=missing,
            stray_bytes=self._stray,
            peaks=self._levels.text(),
        )

    def _walk(self, data: bytes | bytearray, *, end: bool) -> int:
        """Walk as far as the data goes; return the offset reached."""
        position, last = 0, len(data) - (_FRAME_HEADER_BYTES if end else _LOOK_AHEAD_BYTES)
        while position <= last:
            if self._stray > MAX_STRAY_BYTES:
                self._stray += len(data) - position
                return len(data)
            if self._in_step and (after := self._follow(data, position, last)) > position:
                position = after
                continue
            if tag := _tag_bytes(data, position):
                position += tag
                self._in_frame = False
                continue
            length = self._frame_bytes(data, position, end=end)
            if length is None:
                return position
            if length:
                self._in_frame = True
                position += length
                continue
            position = self._stray_until(data, position, end=end)
        return position

    def _follow(self, data: bytes | bytearray, position: int, last: int) -> int:
        """Skip consecutive frames, the usual case; return the offset where they end."""
        kind, free_bytes = self._kind, self._free_bytes
        while position <= last:
            frame = _frame(bytes(data[position : position + _FRAME_HEADER_BYTES]))
            if frame is None or frame.kind != kind or not (frame.length_bytes or free_bytes):
                break
            self._count(frame, data, position)
            position += frame.length_bytes or free_bytes + frame.padding_bytes
            self._in_frame = True
        return position

    def _frame_bytes(self, data: bytes | bytearray, position: int, *, end: bool) -> int | None:
        """The length of the frame at this offset; 0 if there is none, None if more data is needed."""
        frame = _frame_at(data, position)
        if frame is None or (self._kind and frame.kind != self._kind):
            return 0
        length = frame.length_bytes or self._free_length(data, position, frame)
        chance = bool(self._stray and not self._kind) or not frame.length_bytes
        times = _CONFIRMED_AFTER_STRAY if chance else _CONFIRMED_AT_START
        following = position + length
        for _ in range(times if length else 0):
            if following + _FRAME_HEADER_BYTES > len(data):
                if not end:
                    return None
                # A lone or incomplete frame counts only at the start of a file, and only in layer III.
                alone = following >= len(data) and not self._stray and frame.kind[1] == _LAYER_3
                length = length if alone and times == _CONFIRMED_AT_START else 0
                break
            after = _frame_at(data, following)
            if after is None or after.kind != frame.kind:
                length = 0 if not _tag_bytes(data, following) else length
                break
            following += after.length_bytes or length - frame.padding_bytes + after.padding_bytes
        if not length:
            needed = position + 2 * _LONGEST_FREE_FRAME_BYTES + _FRAME_HEADER_BYTES
            return None if not frame.length_bytes and not end and len(data) < needed else 0
        self._free_bytes = 0 if frame.length_bytes else length - frame.padding_bytes
        self._count(frame, data, position)
        return length

    def _free_length(self, data: bytes | bytearray, position: int, frame: _Frame) -> int:
        """The distance to the next frame of the same kind; 0 if there is none. Later frames confirm it."""
        start = position + _SHORTEST_FRAME_BYTES
        while (found := data.find(data[position : position + 2], start, position + _LONGEST_FREE_FRAME_BYTES)) >= 0:
            after = _frame_at(data, found)
            if after and after.kind == frame.kind and not after.length_bytes:
                return found - position
            start = found + 1
        return 0

    def _stray_until(self, data: bytes | bytearray, position: int, *, end: bool) -> int:
        """Skip bytes until a frame or a tag may begin."""
        after = data.find(b"\xff", position + 1)
        if after < 0:
            after = len(data)
        if not end:
            after = min(after, len(data) - _LOOK_AHEAD_BYTES + 1)
        tags = (data.find(mark, position + 1, after + len(mark)) for mark in (b"ID3", b"APETAGEX"))
        after = min((after, *(tag for tag in tags if tag >= 0)))
        self._stray += after - position - data.count(b"\0", position, after)
        self._in_step = False
        return after

    def _count(self, frame: _Frame, data: bytes | bytearray, position: int) -> None:
        self._kind, self._in_step = frame.kind, True
        self._millis += frame.millis
        self._channels = max(self._channels, frame.channels)
        version, layer, _ = frame.kind
        if layer == _LAYER_3 and len(data) - position >= _LOOK_AHEAD_BYTES:
            self._levels.add(frame_levels(data, position, frame.channels, is_mpeg_1=version == _MPEG_1))
