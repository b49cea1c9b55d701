from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.audio import MP3, WAV, Mp3Meter, WavMeter, format_of, meter
from infra.carrier import mpeg

FRAME = mpeg.frame((None,))
MP3_FILE = FRAME * 50
ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x05" + bytes(0x85)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)


def fmt(bytes_a_second: int = 32_000) -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", 1, 2, 8_000, bytes_a_second, 4, 16))


def riff(*chunks: bytes) -> bytes:
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (riff(fmt(), chunk(b"data", b"")), WAV),
        (MP3_FILE, MP3),
        (ID3 + MP3_FILE, MP3),
        (b"\xff\xf3\x18\xc4", MP3),  # MPEG-2, 8 kbit/s, 16 kHz
        (b"\xff\xe3\x18\xc4", MP3),  # MPEG-2.5
        (b"", ""),
        (b"RIFF", ""),
        (b"RIFF\x00\x00\x00\x00AVI ", ""),
        (b"\xff\xfb", ""),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", ""),
        (b"<!DOCTYPE html>", ""),
        (b'{"errors": []}', ""),
        ("\ufeffutf-16".encode("utf-16-le"), ""),  # FF FE looks like a frame sync
        (b"\xff\xeb\x18\xc4", ""),  # the reserved version
        (b"\xff\xfd\x18\xc4", ""),  # layer II
        (b"\xff\xfb\xf8\xc4", ""),  # a bitrate that there is not
        (b"\xff\xfb\x08\xc4", ""),  # free bitrate
        (b"\xff\xfb\x1c\xc4", ""),  # a sampling frequency that there is not
        (b"OggS\x00\x02", ""),
    ],
)
def test_only_wav_and_mp3_are_taken_for_audio(start: bytes, expected: str) -> None:
    assert format_of(start) == expected


@given(st.integers(0, 40_000), st.integers(1, 5_000))
def test_a_wav_file_plays_its_bytes_of_sound_by_its_bytes_a_second(length: int, piece_bytes: int) -> None:
    file = riff(fmt(32_000), chunk(b"data", bytes(length)))

    measure = meter(WAV)
    measure.feed(file[:44])
    for begin in range(44, len(file), piece_bytes):
        measure.feed(file[begin : begin + piece_bytes])

    assert measure.duration_millis == round(length / 32)
    assert measure.missing_bytes == 0


def test_other_chunks_around_the_sound_are_passed_over() -> None:
    file = riff(
        chunk(b"LIST", b"odd"),
        fmt(16_000),
        chunk(b"fact", bytes(4)),
        chunk(b"data", bytes(8_000)),
        chunk(b"id3 ", bytes(90)),
    )
    measure = WavMeter()

    measure.feed(file)

    assert measure.duration_millis == 500


@pytest.mark.parametrize("size", [0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_wav_header_that_does_not_know_its_size_goes_by_what_came(size: int) -> None:
    measure = WavMeter()

    measure.feed(b"RIFF\xff\xff\xff\xffWAVE" + fmt(16_000) + b"data" + struct.pack("<I", size) + bytes(4_000))

    assert measure.duration_millis == 250
    assert measure.missing_bytes == 0


def test_a_wav_file_that_is_cut_short_says_how_much_is_missing() -> None:
    file = riff(fmt(), chunk(b"data", bytes(32_000)))
    measure = WavMeter()

    measure.feed(file[:20_000])
    measure.feed(file[20_000:30_000])

    assert measure.missing_bytes == len(file) - 30_000


@pytest.mark.parametrize(
    "file",
    [
        riff(fmt(0), chunk(b"data", bytes(8))),
        riff(fmt()),
        riff(chunk(b"data", bytes(8))),
        riff(b"fmt \x10\x00\x00\x00"),
        b"RIFF\x00\x00\x00\x00WAVE",
    ],
)
def test_a_wav_header_that_does_not_tell_leaves_the_duration_open(file: bytes) -> None:
    measure = WavMeter()

    measure.feed(file)

    assert measure.duration_millis is None


@pytest.mark.parametrize("front", [b"", ID3, ID3 + ID3])
@pytest.mark.parametrize("end", [b"", b"TAG" + bytes(125), FRAME[:3], FRAME[:70]])
def test_an_mp3_file_plays_its_frames_past_tags(front: bytes, end: bytes) -> None:
    measure = meter(MP3)

    measure.feed(front + MP3_FILE + end)

    begun_frame = 36 if end == FRAME[:70] else 0
    assert measure.duration_millis == 50 * 36 + begun_frame
    assert measure.missing_bytes == 0


@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=30), tagged=st.booleans())
def test_an_mp3_file_is_measured_the_same_in_whatever_pieces_it_comes(cuts: list[int], *, tagged: bool) -> None:
    file = (ID3 if tagged else b"") + MP3_FILE
    measure = Mp3Meter()

    begin = 0
    for cut in cuts:
        measure.feed(file[begin : begin + cut])
        begin += cut
    measure.feed(file[begin:])

    assert measure.duration_millis == round((mpeg.seconds_of(file) or 0) * 1_000)


@pytest.mark.parametrize(
    ("header", "frame_bytes", "millis"),
    [
        (b"\xff\xfb\x90\x00", 417, 26.122),  # MPEG-1, 128 kbit/s, 44.1 kHz
        (b"\xff\xfb\x92\x00", 418, 26.122),  # the same with padding
        (b"\xff\xfa\xe4\x00", 960, 24.0),  # MPEG-1, 320 kbit/s, 48 kHz, with CRC
        (b"\xff\xf3\x80\x00", 208, 26.122),  # MPEG-2, 64 kbit/s, 22.05 kHz
        (b"\xff\xe3\x18\x00", 72, 72.0),  # MPEG-2.5, 8 kbit/s, 8 kHz
    ],
)
def test_frames_have_the_lengths_that_the_standards_give_them(header: bytes, frame_bytes: int, millis: float) -> None:
    measure = Mp3Meter()

    measure.feed((header + bytes(frame_bytes - 4)) * 20)

    assert measure.duration_millis == round(20 * millis)


def test_frames_that_are_lost_leave_the_duration_open() -> None:
    measure = Mp3Meter()

    measure.feed(MP3_FILE + bytes(20))
    measure.feed(MP3_FILE)

    assert measure.duration_millis is None


def test_nothing_plays_for_an_unknown_time() -> None:
    assert Mp3Meter().duration_millis is None
    assert WavMeter().duration_millis is None
