"""How loud a recording is over its length, gathered while it streams: what a player draws without the audio. Pure.

Two channels at most, since Telnyx records no more. However long the recording is, some 480 to 960 levels of each are
kept; of a WAV they are the highest samples, of an MP3 what its frames say of their loudness, which needs no decoding.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 960
"""Levels of a channel; once there are so many, each two become one."""

LOUDEST = 255
MOST_CHANNELS = 2
BETWEEN = "."
"""Between two channels, each of which is base64 of a byte a level."""

WINDOW_SECONDS = 0.1
LOOKED_AT = 16
"""One sample of so many: of 50 in a tenth of a second at 8 kHz the highest is close to the highest of all."""
SAMPLE_BYTES = 2
LOWEST_HERTZ, HIGHEST_HERTZ = 4_000, 192_000
"""Of a header that can be believed: it says how much is held, and how often something is reckoned."""
FULL_SCALE = 32_768

FULL_GAIN, GAIN_OCTAVE = 210, 16
"""ISO 11172-3: 2^((gain - 210) / 4) scales a granule. What speech has is shown: 16 steps are 24 dB."""


class Levels:
    """The levels of channels, as many as a picture needs."""

    def __init__(self) -> None:
        self._channels: list[bytearray] = []
        self._per = 1
        """How many that came make one that is kept."""
        self._came = 0

    def add(self, levels: Iterable[int]) -> None:
        """What each channel has next, 0 to 255, of stretches that are equally long."""
        place = self._came // self._per
        self._came += 1
        for number, level in enumerate(levels):
            if number == len(self._channels):
                self._channels.append(bytearray(place))
            kept = self._channels[number]
            kept.extend(bytes(max(0, place + 1 - len(kept))))
            kept[place] = max(kept[place], level)
        if self._came == MOST * self._per:
            self._channels = [bytearray(map(max, each[::2], each[1::2])) for each in self._channels]
            self._per *= 2

    def text(self) -> str:
        """All of them in a form that an item of a table holds; '' for none."""
        return BETWEEN.join(base64.b64encode(each).decode() for each in self._channels)


class WavLevels:
    """Listens to the samples of a WAV: 16 bit, little-endian, channel beside channel."""

    def __init__(self, channels: int, hertz: int) -> None:
        self.levels = Levels()
        self._channels = channels
        self._window_bytes = max(LOOKED_AT, round(hertz * WINDOW_SECONDS)) * channels * SAMPLE_BYTES
        self._held = b""
        """The beginning of a window whose end is in the next piece."""

    def feed(self, samples: memoryview) -> None:
        """The next piece, of any length."""
        if self._held:
            missing = self._window_bytes - len(self._held)
            self._held += samples[:missing]
            samples = samples[missing:]
            if len(self._held) < self._window_bytes:
                return
            self._window(memoryview(self._held))
        whole = len(samples) - len(samples) % self._window_bytes
        for start in range(0, whole, self._window_bytes):
            self._window(samples[start : start + self._window_bytes])
        self._held = bytes(samples[whole:])

    def _window(self, window: memoryview) -> None:
        samples = window.cast("h")
        self.levels.add(_level(samples[channel :: self._channels * LOOKED_AT]) for channel in range(self._channels))


def _level(samples: memoryview) -> int:
    highest, lowest = max(samples), min(samples)
    return max(highest, -lowest) * LOUDEST // FULL_SCALE


def frame_levels(frame: bytes | bytearray | memoryview, channels: int, *, is_mpeg_1: bool) -> list[int]:
    """How loud each channel of a layer III frame is, by its first granule's gain. The frame must have 32 bytes."""
    has_checksum = not frame[1] & 1
    side = int.from_bytes(frame[6 if has_checksum else 4 : 32], "big")
    bits = (26 if has_checksum else 28) * 8
    if is_mpeg_1:
        at, granule = (18, 0) if channels == 1 else (20, 59)
    else:
        at, granule = (9, 0) if channels == 1 else (10, 63)
    return [_loudness(side >> (bits - at - number * granule - 29) & 0x1FFFFFFF) for number in range(channels)]


def _loudness(granule: int) -> int:
    """Of a granule's first 29 bits: its length, its pairs, its gain."""
    length, pairs, gain = granule >> 17, granule >> 8 & 0x1FF, granule & 0xFF
    if not length or not pairs:
        return 0
    return min(LOUDEST, round(LOUDEST * 2 ** ((gain - FULL_GAIN) / GAIN_OCTAVE)))
