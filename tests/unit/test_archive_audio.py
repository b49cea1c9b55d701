import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import audio
from archive.audio import (
    MP3,
    PAGE_BYTES,
    TAGS_BEYOND_BYTES,
    UNKNOWN,
    WAV,
    Mp3Meter,
    Sound,
    WavMeter,
    format_of,
    looks_like_page,
    meter,
)
from infra.carrier import mpeg

FRAME = mpeg.frame((None,))
MP3_FILE = FRAME * 50
ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x05" + bytes(0x85)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\x00" * (len(content) % 2)


def fmt(bytes_a_second: int = 32_000, tag: int = 1, bits: int = 16) -> bytes:
    """Give a format of two channels with that many bytes a second."""
    frame = 2 * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, 2, bytes_a_second // frame, bytes_a_second, frame, bits))


def riff(*chunks: bytes) -> bytes:
    content = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def measured(file: bytes, audio_format: str = "") -> Sound:
    """Give what is in a file that comes in one piece."""
    measure = meter(audio_format or format_of(file))
    measure.feed(file)
    return measure.sound()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (riff(fmt(), chunk(b"data", b"")), WAV),
        (b"RF64\xff\xff\xff\xffWAVEds64", WAV),
        (b"BW64\xff\xff\xff\xffWAVEds64", WAV),
        (MP3_FILE, MP3),
        (ID3 + MP3_FILE, MP3),
        (bytes(500_000) + MP3_FILE, MP3),
        (b"what an encoder left here " * 40 + MP3_FILE, MP3),
        (b"\xff\xf3\x18\xc4", MP3),  # MPEG-2, 8 kbit/s, 16 kHz: the beginning of a frame
        (b"\xff\xe3\x18\xc4", MP3),  # MPEG-2.5
        (b"OggS\x00\x02", "ogg"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"\x00\x00\x00\x20ftypM4A ", "m4a"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"#!AMR\n", "amr"),
        (b"FORM\x00\x00\x00\x00AIFF", "aiff"),
        (b".snd\x00\x00\x00\x18", "au"),
        (b"", UNKNOWN),
        (b"RIFF", UNKNOWN),
        (b"RIFF\x00\x00\x00\x00AVI ", UNKNOWN),
        (b"\xff\xfb", UNKNOWN),
        (ID3, UNKNOWN),
        (ID3 + b"<html><body>Not found</body></html>", UNKNOWN),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", UNKNOWN),
        ("\ufeffutf-16".encode("utf-16-le"), UNKNOWN),  # FF FE looks like a frame of layer I
        (("\ufeff" + "utf-16, and much of it. " * 99).encode("utf-16-le"), UNKNOWN),
        (b"\xff\xeb\x18\xc4", UNKNOWN),  # the reserved version
        (b"\xff\xfd\x18\xc4", UNKNOWN),  # layer II, which a lone frame is not believed
        (b"\xff\xfb\xf8\xc4", UNKNOWN),  # a bitrate that there is not
        (b"\xff\xfb\x1c\xc4", UNKNOWN),  # a sampling frequency that there is not
        (bytes(5_000), UNKNOWN),
    ],
)
def test_what_a_file_is_goes_by_its_bytes(start: bytes, expected: str) -> None:
    assert format_of(start) == expected


def test_a_start_that_is_one_large_picture_belongs_to_an_mp3() -> None:
    tag = b"ID3\x04\x00\x00\x00\x60\x00\x00"  # of 1.5 MiB

    assert format_of(tag + bytes(TAGS_BEYOND_BYTES)) == MP3


@given(st.binary(max_size=3_000))
def test_any_bytes_are_some_format_and_measured_without_a_fault(content: bytes) -> None:
    sound = measured(content)

    assert sound.stray_bytes <= len(content)
    assert sound.duration_millis is None or sound.duration_millis >= 0
    assert looks_like_page(content) in {True, False}


@pytest.mark.parametrize(
    "page",
    [
        b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        b"\xef\xbb\xbf\r\n <!DOCTYPE html>",
        b'{"errors": []}',
        b"upstream request timeout",
        "Zugriff verweigert: für diese Adresse nicht gültig".encode(),
        ("ž" * PAGE_BYTES).encode(),  # the last letter is cut through
        "\ufeff<html>".encode("utf-16"),
        ID3 + b"<html><body>Not found</body></html>",
    ],
)
def test_a_page_is_known(page: bytes) -> None:
    assert looks_like_page(page)


@pytest.mark.parametrize("content", [bytes(300), b"OggS\x00\x02", MP3_FILE, riff(fmt()), b"\x80\x81\x82" * 90])
def test_audio_that_is_not_known_is_no_page(content: bytes) -> None:
    assert not looks_like_page(content)


@given(st.integers(0, 40_000), st.integers(1, 5_000))
def test_a_wav_file_plays_its_bytes_of_sound_by_its_bytes_a_second(length: int, piece_bytes: int) -> None:
    file = riff(fmt(32_000), chunk(b"data", bytes(length)))

    measure = meter(WAV)
    measure.feed(file[:44])
    for begin in range(44, len(file), piece_bytes):
        measure.feed(file[begin : begin + piece_bytes])

    assert measure.sound() == Sound(round(length / 32), 2)


def test_other_chunks_around_the_sound_are_passed_over() -> None:
    file = riff(
        chunk(b"LIST", b"odd"),
        fmt(16_000),
        chunk(b"fact", bytes(4)),
        chunk(b"data", bytes(8_000)),
        chunk(b"id3 ", bytes(90)),
    )
    assert measured(file) == Sound(500, 2)


@pytest.mark.parametrize("size", [0, 4, 2_000, 3_999, 0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_wav_header_that_does_not_know_its_size_goes_by_what_came(size: int) -> None:
    file = b"RIFF\xff\xff\xff\xffWAVE" + fmt(16_000) + b"data" + struct.pack("<I", size) + bytes(range(250)) * 16

    assert measured(file) == Sound(250, 2)


def test_64_bit_sizes_are_read_and_chunks_of_any_length_lie_before_the_sound() -> None:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, 16_000, 0, 0))
    file = b"RF64\xff\xff\xff\xffWAVE" + ds64 + chunk(b"JUNK", bytes(100_000)) + fmt(16_000) + b"data\xff\xff\xff\xff"
    file += bytes(16_000) + chunk(b"LIST", b"made by hand")
    measure = WavMeter()

    for begin in range(0, len(file), 777):
        measure.feed(file[begin : begin + 777])

    assert measure.sound() == Sound(1_000, 2)


@pytest.mark.parametrize(
    ("form", "channels", "millis"),
    [
        (struct.pack("<HHIIHHHHI16s", 0xFFFE, 2, 8_000, 1, 4, 16, 22, 16, 3, b"\x01\x00" + bytes(14)), 2, 1_000),
        (struct.pack("<HHIIHH", 7, 1, 8_000, 0, 1, 8), 1, 4_000),  # mu-law; its bytes a second were never filled in
        (struct.pack("<HHIIHH", 0x31, 1, 8_000, 1_625, 65, 0), 1, 19_692),  # GSM 6.10: by its bytes a second
    ],
)
def test_a_wav_of_any_format_plays_by_what_its_header_tells(form: bytes, channels: int, millis: int) -> None:
    assert measured(riff(chunk(b"fmt ", form), chunk(b"data", bytes(32_000)))) == Sound(millis, channels)


def test_a_wav_file_that_is_cut_short_says_how_much_is_missing() -> None:
    file = riff(fmt(), chunk(b"data", bytes(32_000)))
    measure = WavMeter()

    measure.feed(file[:20_000])
    measure.feed(file[20_000:30_000])

    came = 30_000 - (len(file) - 32_000)
    assert measure.sound() == Sound(came // 32, 2, missing_bytes=len(file) - 30_000)


@pytest.mark.parametrize(
    "file",
    [
        riff(chunk(b"fmt ", bytes(16)), chunk(b"data", bytes(8))),
        riff(chunk(b"fmt ", bytes(4)), chunk(b"data", bytes(8))),
        riff(fmt()),
        riff(chunk(b"data", bytes(8))),
        riff(b"fmt \x10\x00\x00\x00"),
        b"RIFF\x00\x00\x00\x00WAVE",
    ],
)
def test_a_wav_header_that_does_not_tell_leaves_the_duration_open(file: bytes) -> None:
    assert measured(file).duration_millis is None


APE = b"APETAGEX" + struct.pack("<IIII", 2_000, 70, 1, 0xA000_0000) + bytes(8) + b"\xff\xfb" * 35


@pytest.mark.parametrize("front", [b"", ID3, ID3 + ID3, bytes(3_000), APE, ID3 + bytes(700)])
@pytest.mark.parametrize("end", [b"", b"TAG" + bytes(125), FRAME[:3], FRAME[:70], bytes(900), APE])
def test_an_mp3_file_plays_its_frames_past_tags(front: bytes, end: bytes) -> None:
    begun_frame = 36 if end == FRAME[:70] else 0
    missing = len(FRAME) - 70 if begun_frame else 0
    assert measured(front + MP3_FILE + end) == Sound(50 * 36 + begun_frame, 1, missing)


@given(cuts=st.lists(st.integers(1, 400), min_size=1, max_size=30), tagged=st.booleans())
def test_an_mp3_file_is_measured_the_same_in_whatever_pieces_it_comes(cuts: list[int], *, tagged: bool) -> None:
    file = (ID3 if tagged else b"") + MP3_FILE
    measure = Mp3Meter()

    begin = 0
    for cut in cuts:
        measure.feed(file[begin : begin + cut])
        begin += cut
    measure.feed(file[begin:])

    assert measure.sound() == Sound(round((mpeg.seconds_of(file) or 0) * 1_000), 1)


@pytest.mark.parametrize(
    ("header", "frame_bytes", "millis"),
    [
        (b"\xff\xfb\x90\x00", 417, 26.122),  # MPEG-1, 128 kbit/s, 44.1 kHz
        (b"\xff\xfb\x92\x00", 418, 26.122),  # the same with padding
        (b"\xff\xfa\xe4\x00", 960, 24.0),  # MPEG-1, 320 kbit/s, 48 kHz, with CRC
        (b"\xff\xf3\x80\x00", 208, 26.122),  # MPEG-2, 64 kbit/s, 22.05 kHz
        (b"\xff\xe3\x18\x00", 72, 72.0),  # MPEG-2.5, 8 kbit/s, 8 kHz
        (b"\xff\xfd\x84\x00", 384, 24.0),  # layer II, 128 kbit/s, 48 kHz
        (b"\xff\xf5\x84\x00", 384, 48.0),  # layer II of MPEG-2, 64 kbit/s, 24 kHz
        (b"\xff\xff\xc4\x00", 384, 8.0),  # layer I, 384 kbit/s, 48 kHz
        (b"\xff\xfb\x00\x00", 500, 26.122),  # a free bitrate, 44.1 kHz
    ],
)
def test_frames_have_the_lengths_that_the_standards_give_them(header: bytes, frame_bytes: int, millis: float) -> None:
    assert measured((header + bytes(frame_bytes - 4)) * 20) == Sound(round(20 * millis), 2)


def test_padding_varies_the_frames_of_a_free_bitrate() -> None:
    plain, padded = b"\xff\xfb\x00\x00" + bytes(496), b"\xff\xfb\x02\x00" + bytes(497)

    assert measured((plain + padded + padded) * 30) == Sound(round(90 * 26.1224), 2)


def test_frames_of_changing_bitrates_and_channels_are_counted() -> None:
    low, high = b"\xff\xfb\x90\xc0" + bytes(413), b"\xff\xfb\xa0\x00" + bytes(518)

    assert measured((low + high) * 10) == Sound(round(20 * 26.1224), 2)


def test_a_gap_between_frames_is_passed_over_and_what_it_holds_reported() -> None:
    gap = b"\xff\xfb and what a program wrote here by mistake \xff"

    assert measured(MP3_FILE + gap + MP3_FILE) == Sound(100 * 36, 1, stray_bytes=len(gap))


def test_a_page_behind_a_frame_does_not_play() -> None:
    page = b"<html>" + b"The recording is not available. " * 500

    sound = measured(FRAME * 2 + page)

    assert (sound.duration_millis, sound.stray_bytes) == (72, len(page))


def test_no_frame_is_looked_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audio, "MAX_STRAY_BYTES", 20_000)
    noise = b"\xff\x12" * 20_000
    measure = Mp3Meter()

    measure.feed(noise)
    measure.feed(MP3_FILE)

    assert measure.sound() == Sound(0, 0, stray_bytes=len(noise) + len(MP3_FILE))


@given(noise=st.binary(max_size=400), cuts=st.lists(st.integers(1, 400), max_size=30))
def test_whatever_lies_before_the_frames_they_are_found_in_whatever_pieces_they_come(
    noise: bytes, cuts: list[int]
) -> None:
    file = noise + MP3_FILE
    measure = Mp3Meter()

    begin = 0
    for cut in cuts:
        measure.feed(file[begin : begin + cut])
        begin += cut
    measure.feed(file[begin:])

    assert abs((measure.sound().duration_millis or 0) - 50 * 36) <= 4 * 36


def test_nothing_plays_for_no_time_or_an_unknown_one() -> None:
    assert Mp3Meter().sound() == Sound(0)
    assert WavMeter().sound() == Sound(None)
    assert measured(b"OggS\x00\x02") == Sound(None)


@pytest.mark.parametrize("lacking", [1, len(FRAME) // 2, len(FRAME) - 4])
def test_an_mp3_that_ends_within_a_frame_lacks_the_rest_of_it(lacking: int) -> None:
    sound = measured(MP3_FILE[:-lacking])

    assert sound.missing_bytes == lacking


def test_a_whole_mp3_lacks_nothing_whatever_tag_follows_it() -> None:
    assert measured(MP3_FILE).missing_bytes == 0
    assert measured(MP3_FILE + b"TAG" + bytes(125)).missing_bytes == 0
    assert measured(MP3_FILE + b"TAG" + bytes(25)).missing_bytes == 0  # the tag is cut, the sound is not


@given(cuts=st.lists(st.integers(1, 400), max_size=30))
def test_what_an_mp3_lacks_does_not_depend_on_the_pieces_in_which_it_comes(cuts: list[int]) -> None:
    file, measure, begin = MP3_FILE[:-9], Mp3Meter(), 0
    for cut in cuts:
        measure.feed(file[begin : begin + cut])
        begin += cut
    measure.feed(file[begin:])

    assert measure.sound().missing_bytes == 9
