"""Recorded audio made of tones, generated as it is read: any stretch of a file of any length in constant memory."""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from infra.carrier import mpeg


class Voice(StrEnum):
    """What a sound on the line is, so that it can be made audible in a recording."""

    SPEECH = "speech"
    PROMPT = "prompt"
    MUSIC = "music"
    BEEP = "beep"
    KEY = "key"


#: Telephone quality; every tone below is a whole number of hertz, so one second of it can be repeated without a click.
SAMPLE_RATE_HZ = 8_000
SAMPLE_BYTES = 2
WAV_HEADER_BYTES = 44
#: Loud enough to be heard, and two of them mixed still far from clipping.
AMPLITUDE = 6_000
TONES_HZ: dict[Voice, tuple[int, ...]] = {
    Voice.SPEECH: (180, 360),
    Voice.PROMPT: (440,),
    Voice.MUSIC: (523, 659),
    Voice.BEEP: (1_000,),
    Voice.KEY: (697, 1_209),
}
#: A WAV header's sizes are 32 bits.
LARGEST_WAV_BYTES = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a recording during which nothing changes. `right` is meant for two channels only."""

    frames: int
    left: frozenset[Voice]
    right: frozenset[Voice] = frozenset()


@cache
def _second_of(voices: frozenset[Voice]) -> array[int]:
    tones = [hertz for voice in sorted(voices) for hertz in TONES_HZ[voice]]
    if not tones:
        return array("h", bytes(SAMPLE_RATE_HZ * SAMPLE_BYTES))
    loudness = AMPLITUDE / max(2, len(tones))
    turn = 2 * math.pi / SAMPLE_RATE_HZ
    return array(
        "h",
        [round(loudness * sum(math.sin(turn * hertz * n) for hertz in tones)) for n in range(SAMPLE_RATE_HZ)],
    )


@cache
def _second(left: frozenset[Voice], right: frozenset[Voice] | None) -> bytes:
    """Return one second of frames, twice, so that a second from any phase is one slice of it."""
    if right is None:
        samples = _second_of(left)
    else:
        samples = array("h", bytes(2 * SAMPLE_RATE_HZ * SAMPLE_BYTES))
        samples[0::2] = _second_of(left)
        samples[1::2] = _second_of(right)
    return samples.tobytes() * 2


@dataclass(frozen=True, slots=True)
class Wav:
    """A WAV file: 8 kHz, 16 bit, one or two channels."""

    channels: int
    spans: tuple[Span, ...]

    content_type = "audio/wav"

    @property
    def seconds(self) -> float:
        """Return how long it plays."""
        return sum(span.frames for span in self.spans) / SAMPLE_RATE_HZ

    @property
    def _frame_bytes(self) -> int:
        return self.channels * SAMPLE_BYTES

    @property
    def size(self) -> int:
        """Return the length of the file in bytes."""
        return WAV_HEADER_BYTES + sum(span.frames for span in self.spans) * self._frame_bytes

    def _header(self) -> bytes:
        data = min(self.size - WAV_HEADER_BYTES, LARGEST_WAV_BYTES - WAV_HEADER_BYTES)
        rate = SAMPLE_RATE_HZ * self._frame_bytes
        form = struct.pack("<HHIIHH", 1, self.channels, SAMPLE_RATE_HZ, rate, self._frame_bytes, 8 * SAMPLE_BYTES)
        return (
            struct.pack("<4sI4s4sI", b"RIFF", 36 + data, b"WAVE", b"fmt ", 16)
            + form
            + struct.pack("<4sI", b"data", data)
        )

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` up to, not including, `end`."""
        end = self.size if end is None else end
        if start < WAV_HEADER_BYTES:
            yield self._header()[start:end]
        position = WAV_HEADER_BYTES
        phase = 0
        for span in self.spans:
            length = span.frames * self._frame_bytes
            low, high = max(start - position, 0), min(end - position, length)
            if low < high:
                yield from self._stretch(span, phase, low, high)
            position += length
            phase += span.frames

    def _stretch(self, span: Span, phase: int, low: int, high: int) -> Iterator[bytes]:
        second = _second(span.left, span.right if self.channels == 2 else None)  # noqa: PLR2004 - two channels
        half = len(second) // 2
        while low < high:
            offset = (phase * self._frame_bytes + low) % half
            chunk = second[offset : offset + min(half, high - low)]
            yield chunk
            low += len(chunk)


def _line(voices: frozenset[Voice]) -> int | None:
    """Return the spectral line of a sound: an even number, one for each set of voices, from 333 Hz to 2 kHz."""
    if not voices:
        return None
    return 10 + 2 * sum(1 << index for index, voice in enumerate(Voice) if voice in voices)


@dataclass(frozen=True, slots=True)
class Mp3:
    """An MP3 file of constant bit rate: one steady tone for each combination of what sounds."""

    channels: int
    spans: tuple[Span, ...]

    content_type = "audio/mpeg"

    @property
    def seconds(self) -> float:
        """Return how long it plays, but for what an MP3's last frame is filled up with."""
        return sum(span.frames for span in self.spans) / SAMPLE_RATE_HZ

    @property
    def _frames(self) -> int:
        return math.ceil(sum(span.frames for span in self.spans) / SAMPLE_RATE_HZ / mpeg.FRAME_SECONDS)

    @property
    def size(self) -> int:
        """Return the length of the file in bytes."""
        return self._frames * mpeg.FRAME_BYTES

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` up to, not including, `end`."""
        end = self.size if end is None else end
        first = start // mpeg.FRAME_BYTES
        held = b""
        skip = start - first * mpeg.FRAME_BYTES
        left = end - start
        for number in range(first, self._frames):
            held += self._frame(number)
            if len(held) - skip >= min(left, _CHUNK_BYTES):
                chunk = held[skip : skip + left]
                left -= len(chunk)
                held, skip = b"", 0
                yield chunk
                if left <= 0:
                    return

    def _frame(self, number: int) -> bytes:
        position = int(number * mpeg.FRAME_SECONDS * SAMPLE_RATE_HZ)
        for span in self.spans:
            if position < span.frames:
                sides = (span.left,) if self.channels == 1 else (span.left, span.right)
                return mpeg.frame(tuple(_line(side) for side in sides))
            position -= span.frames
        return mpeg.frame((None,) * self.channels)


#: How much of an MP3 is made at a time.
_CHUNK_BYTES = 16_384

AudioFile = Wav | Mp3


def audio_file(form: str, channels: int, spans: Sequence[Span]) -> AudioFile:
    """Return a file in a format, wav or mp3."""
    return (Wav if form == "wav" else Mp3)(channels, tuple(spans))
