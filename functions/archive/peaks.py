"""How loud a recording is over its length, gathered while it streams: what a player draws without the audio. Pure.

Two channels at most, since Telnyx records no more. However long the recording is, some 480 to 960 levels of each are
kept: of a WAV the highest of every seventh sample, of an MP3 what its frames say of their loudness, without decoding.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable

MOST = 960
"""Levels of a channel; once there are so many, each two become one."""

LOUDEST = 255
MOST_CHANNELS = 2
BETWEEN = "."
"""Between two channels, each of which is base64 of a byte a level."""

WINDOW_SECONDS = 0.1
LOOKED_AT = 7
"""One frame of so many, which makes a second-long word of 8 kHz a thousand samples. A prime: where it divided the
sampling rate, tones of round frequencies would be looked at in the same phase each time, be it that of silence."""
SAMPLE_BYTES = 2
LOWEST_HERTZ, HIGHEST_HERTZ = 4_000, 192_000
"""Of a header that can be believed: it says how much is held, and how often something is reckoned."""
FULL_SCALE = 32_768

_HIGH_BYTES = bytes(
    (256 * (high if high < 128 else 255 - high) + 128) * LOUDEST // FULL_SCALE  # noqa: PLR2004 -- a byte's sign
    for high in range(256)
)
"""How loud a sample with that high byte is, to within 1 of 255. The low byte is not looked at: bytes can be taken out,
translated and left out in C, samples of two bytes only one by one."""
_ANY_LEVEL = bytes(range(LOUDEST + 1))
_FIRST_LOOK = 16
"""One level of so many says which ones need no second look."""

FULL_GAIN, GAIN_OCTAVE = 210, 16
"""ISO 11172-3: 2^((gain - 210) / 4) scales a granule. What speech has is shown: 16 steps are 24 dB."""
_GAINS = [min(LOUDEST, round(LOUDEST * 2 ** ((gain - FULL_GAIN) / GAIN_OCTAVE))) for gain in range(256)]
_GRANULE_BITS, _LENGTH, _PAIRS = 29, 0xFFF << 17, 0x1FF << 8
"""Of what a granule begins with: its length, how many pairs of lines it has, its gain in the last byte."""
_SIDE_BYTES = 14
"""In which the first granule's gains of both channels stand."""


class Levels:
    """The levels of channels, as many as a picture needs."""

    def __init__(self) -> None:
        self._channels: list[bytearray] = []
        self._per = 1
        """How many that came make one that is kept."""
        self._came = 0

    @property
    def room(self) -> int:
        """How many more make the one that is being gathered."""
        return self._per - self._came % self._per

    def add(self, levels: Iterable[int], times: int = 1) -> None:
        """What each channel has next, 0 to 255, in stretches that are equally long: so many, `room` at the most."""
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
        """All of them in a form that an item of a table holds; '' for none."""
        return BETWEEN.join(base64.b64encode(each).decode() for each in self._channels)


class WavLevels:
    """Listens to the samples of a WAV: 16 bit, little-endian, channel beside channel."""

    def __init__(self, channels: int, hertz: int) -> None:
        self.levels = Levels()
        self._channels = channels
        self._step_bytes = LOOKED_AT * channels * SAMPLE_BYTES
        self._looks = round(hertz * WINDOW_SECONDS) // LOOKED_AT
        """In a window, of each channel."""
        self._window_bytes = self._looks * self._step_bytes
        self._held = b""
        """The beginning of a window whose end is in the next piece."""

    def feed(self, piece: bytes | bytearray, start: int, end: int) -> None:
        """What lies there in the next piece, of any length."""
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
        """Take whole windows in; as many at once as come to lie in the same level."""
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
    """The highest of them. Most of a stretch is far below it: only what is above a first look is compared."""
    first = max(levels[::_FIRST_LOOK])
    return max(levels.translate(None, _ANY_LEVEL[: first + 1]), default=first)


def frame_levels(data: bytes | bytearray, position: int, channels: int, *, is_mpeg_1: bool) -> list[int]:
    """How loud each channel of the layer III frame there is, by its first granule's gain. 20 bytes of it are needed."""
    begin = position + (4 if data[position + 1] & 1 else 6)  # behind a checksum, where the frame says that it has one
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
