"""How loud a recording is over its length, as it is gathered while it streams."""

import math
import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.audio import Mp3Meter, WavMeter
from archive.peaks import HIGHEST_HERTZ, LOOKED_AT, MOST, Levels, WavLevels
from control.recording_answers import levels_of
from infra.carrier import mpeg
from tests.unit.test_archive_audio import chunk, riff

HERTZ = 8_000
WINDOW = HERTZ // 10 // LOOKED_AT * LOOKED_AT
"""Frames of which the highest makes a level, as long as they are few."""


def wav(*channels: list[int], hertz: int = HERTZ, after: bytes = b"") -> bytes:
    """A file whose channels have these samples, a window each."""
    count = len(channels)
    samples = b"".join(struct.pack(f"<{count}h", *each) * WINDOW for each in zip(*channels, strict=True))
    form = struct.pack("<HHIIHH", 1, count, hertz, hertz * count * 2 % 2**32, count * 2, 16)
    return riff(chunk(b"fmt ", form), chunk(b"data", samples), after)


def tone(frequency: float, seconds: float) -> bytes:
    wave = (16_384 * math.sin(2 * math.pi * frequency * at / HERTZ) for at in range(round(seconds * HERTZ)))
    return array("h", map(round, wave)).tobytes()


def mono(samples: bytes) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, HERTZ, HERTZ * 2, 2, 16)
    return riff(chunk(b"fmt ", form), chunk(b"data", samples))


def peaks(file: bytes, piece_bytes: int = 0) -> list[list[int]]:
    measure = WavMeter() if file[:4] == b"RIFF" else Mp3Meter()
    step = piece_bytes or len(file)
    for start in range(0, len(file), step):
        measure.feed(file[start : start + step])
    return levels_of(measure.sound().peaks)


def test_each_channel_of_a_wav_has_its_highest_samples_to_within_one() -> None:
    left, right = peaks(wav([0, 16_384, -32_768, 0], [32_767, 0, -300, 64]))

    assert left == pytest.approx([0, 127, 255, 0], abs=1)
    assert right == pytest.approx([254, 0, 2, 0], abs=1)


@pytest.mark.parametrize("frequency", [250, 500, 1_000, 2_000, 440, 697, 1_400])
def test_a_tone_is_as_loud_as_it_is_whatever_its_frequency(frequency: int) -> None:
    (levels,) = peaks(mono(tone(frequency, 0.5)))

    assert levels == pytest.approx([127] * len(levels), abs=7)


@pytest.mark.parametrize("at", [1, 611, 798 * 700 - 240, 8_000 * 1_000])
def test_a_short_word_in_a_long_silence_is_seen(at: int) -> None:
    word = tone(137, 0.06)

    (levels,) = peaks(mono(bytes(2 * at) + word + bytes(2 * (HERTZ * 1_200 - at))))

    assert max(levels) > 115
    assert levels.count(0) >= len(levels) - 2


FILES = [
    wav([100, 20_000, -7_000], [5, -30_000, 9_000]),
    mpeg.frame((40, 20)) * 30 + mpeg.frame((None, 40)) * 30 + b"no frame" + mpeg.frame((20, None)) * 4,
    b"ID3\x03\0\0\0\0\0\x05-tag-" + mpeg.frame((40,)) * 30 + mpeg.frame((None,)) * 5,
]


@given(file=st.sampled_from(FILES), piece_bytes=st.integers(1, 9_000))
def test_in_whatever_pieces_it_comes_it_is_as_loud(file: bytes, piece_bytes: int) -> None:
    assert peaks(file, piece_bytes) == peaks(file)


def test_what_follows_the_sound_is_not_heard() -> None:
    assert peaks(wav([0], after=chunk(b"LIST", b"\xff\x7f" * 4_000))) == [[0]]


def test_an_mp3_is_as_loud_as_its_frames_say() -> None:
    file = mpeg.frame((40, None)) * 4 + mpeg.frame((None, 40)) * 4

    left, right = peaks(file)

    assert left[:3] == right[4:7]
    assert left[0] > 100
    assert not any(left[4:] + right[:4])


def test_however_long_a_recording_is_its_picture_stays_small() -> None:
    levels = Levels()
    for number in range(10 * MOST):
        levels.add([255 if number == 5_000 else 7])

    (kept,) = levels_of(levels.text())

    assert MOST // 2 <= len(kept) < MOST
    assert (kept.count(255), kept.count(7)) == (1, len(kept) - 1)


def test_several_stretches_at_once_are_one_level_as_long_as_there_is_room() -> None:
    levels = Levels()
    for number in range(MOST):
        levels.add([number % 2])
    assert levels.room == 2

    levels.add([9], times=2)
    levels.add([8], times=1)

    assert levels.room == 1
    assert levels_of(levels.text())[0][-3:] == [1, 9, 8]


def test_a_channel_that_comes_later_was_silent_before() -> None:
    levels = Levels()
    levels.add([9])
    levels.add([8, 7])

    assert levels_of(levels.text()) == [[9, 8], [0, 7]]


@pytest.mark.parametrize("hertz", [0, 1, HIGHEST_HERTZ + 1, 2**32 - 1])
def test_a_header_that_lies_costs_nothing(hertz: int) -> None:
    assert peaks(wav([5], hertz=hertz)) == []


def test_only_as_much_is_held_as_a_window() -> None:
    levels = WavLevels(2, HIGHEST_HERTZ)
    for _ in range(100):
        levels.feed(bytes(1_001), 0, 1_001)

    assert len(levels._held) < 40_000  # noqa: SLF001 -- the bound that is promised
