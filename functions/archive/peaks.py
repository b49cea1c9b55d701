"""A recording's waveform, computed while it streams, so that a player can draw it without the audio. Pure.

At most two channels, like Telnyx's recordings. Whatever the length, 480 to 960 levels of each are kept: for a WAV the
highest of every seventh sample, for an MP3 the frames' gain, without decoding.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

MOST = 960
"""Levels per channel; at this number each two are merged."""

LOUDEST = 255
MOST_CHANNELS = 2
BETWEEN = "."
"""Separates the channels; each is base64 with one byte per level."""

WINDOW_SECONDS = 0.1
LOOKED_AT = 7
"""Every seventh sample is read, about a thousand per second at 8 kHz. A prime: if it divided the sampling rate, round
tones would always be sampled in the same phase, possibly at zero."""
SAMPLE_BYTES = 2
LOWEST_HERTZ, HIGHEST_HERTZ = 4_000, 192_000
"""Plausible sampling rates: they determine memory and computing time."""
FULL_SCALE = 32_768

_HIGH_BYTES = bytes(
    (256 * (high if high < 128 else 255 - high) + 128) * LOUDEST // FULL_SCALE  # noqa: PLR2004 -- a byte's sign
    for high in range(256)
)
"""The level of a sample by its high byte, to within 1 of 255. The low byte is ignored: bytes can be sliced and
translated in C, two-byte samples only one by one."""
_ANY_LEVEL = bytes(range(LOUDEST + 1))
_FIRST_LOOK = 16
"""One of this many levels is compared first, to skip quiet stretches."""

FULL_GAIN, GAIN_OCTAVE = 210, 16
"""ISO 11172-3: 2^((gain - 210) / 4) scales a granule. 16 steps are 24 dB."""
_GAINS = [min(LOUDEST, round(LOUDEST * 2 ** ((gain - FULL_GAIN) / GAIN_OCTAVE))) for gain in range(256)]
_GRANULE_BITS, _LENGTH, _PAIRS = 29, 0xFFF << 17, 0x1FF << 8
"""The first fields of a granule: part2_3_length, big_values, and global_gain in the last byte."""
_SIDE_BYTES = 14
"""The bytes with the first granule's gains of both channels."""


class Levels:
    """The levels of all channels, merged as a recording grows."""

    def __init__(self) -> None:
        self._channels: list[bytearray] = []
        self._per = 1
        """How many levels received make one that is kept."""
        self._came = 0

    @property
    def room(self) -> int:
        """How many more levels complete the current one."""
        return self._per - self._came % self._per

    def add(self, levels: Iterable[int], times: int = 1) -> None:
        """Add the next levels of each channel, 0 to 255, of equal duration; at most `room`."""
        place = self._came // self._per
        self._came += times
        for number, level in enumerate(levels):
            if number == len(self._channels):
                self._channels.append(bytearray(place))
            kept = self._channels[number]
            if len(kept) <= place:
                kept.extend(bytes(place + 1 - len(kept)))
            kept[place] = max(kept[place], level)
        if self._came == MOST * self._per:
            self._channels = [bytearray(map(max, each[::2], each[1::2])) for each in self._channels]
            self._per *= 2

    def text(self) -> str:
        """All levels as text for a table item; '' for none."""
        return BETWEEN.join(base64.b64encode(each).decode() for each in self._channels)


class WavLevels:
    """Measures the samples of a WAV: 16-bit, little-endian, interleaved."""

    def __init__(self, channels: int, hertz: int) -> None:
        self.levels = Levels()
        self._channels = channels
        self._step_bytes = LOOKED_AT * channels * SAMPLE_BYTES
        self._looks = round(hertz * WINDOW_SECONDS) // LOOKED_AT
        """Samples read per window and channel."""
        self._window_bytes = self._looks * self._step_bytes
        self._held = b""
        """The start of a window that ends in the next chunk."""

    def feed(self, piece: bytes | bytearray, start: int, end: int) -> None:
        """Take the next chunk, of any length."""
        if self._held:
            missing = self._window_bytes - len(self._held)
            self._held += piece[start : min(end, start + missing)]
            if len(self._held) < self._window_bytes:
                return
            self._windows(self._held, 0, self._window_bytes)
            start += missing
        rest = start + (end - start) // self._window_bytes * self._window_bytes
        self._windows(piece, start, rest)
        self._held = bytes(piece[rest:end])

    def _windows(self, piece: bytes | bytearray, start: int, end: int) -> None:
        """Take complete windows, all that belong to the same level at once."""
        channels = [
            piece[start + SAMPLE_BYTES * (channel + 1) - 1 : end : self._step_bytes].translate(_HIGH_BYTES)
            for channel in range(self._channels)
        ]
        at, looked = 0, len(channels[0])
        while at < looked:
            windows = min(self.levels.room, (looked - at) // self._looks)
            after = at + windows * self._looks
            self.levels.add((_loudest(each[at:after]) for each in channels), windows)
            at = after


def _loudest(levels: bytes | bytearray) -> int:
    """The highest level. Most are far below it, so only those above a first sample are compared."""
    first = max(levels[::_FIRST_LOOK])
    return max(levels.translate(None, _ANY_LEVEL[: first + 1]), default=first)


def frame_levels(data: bytes | bytearray, position: int, channels: int, *, is_mpeg_1: bool) -> list[int]:
    """The level of each channel of a layer III frame, from its first granule's gain. Needs 20 bytes."""
    begin = position + (4 if data[position + 1] & 1 else 6)  # after the checksum, if the frame has one
    side = int.from_bytes(data[begin : begin + _SIDE_BYTES], "big")
    if is_mpeg_1:
        at, granule = (18, 0) if channels == 1 else (20, 59)
    else:
        at, granule = (9, 0) if channels == 1 else (10, 63)
    first = 8 * _SIDE_BYTES - _GRANULE_BITS - at
    levels = []
    for _ in range(channels):
        gains = side >> first
        levels.append(_GAINS[gains & 0xFF] if gains & _LENGTH and gains & _PAIRS else 0)
        first -= granule
    return levels
