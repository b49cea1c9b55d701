"""MPEG audio, layer III: frames made by hand, and the length of frames made by anybody.

A recording's MP3 is MPEG-1, 32 kHz, 32 kbit/s: every frame is 144 bytes and plays 36 ms, whatever is in it. A sounding
channel has one spectral line, which is a steady tone; a silent one has none.
"""

from functools import cache

#: Length and duration of the frames made here: 1152 samples at 32 kHz; 144 = 1152 / 8 bits at 32 kbit/s.
FRAME_BYTES = 144
FRAME_SECONDS = 0.036

#: MPEG-1 layer III without CRC; 32 kbit/s, 32 kHz; then stereo or mono.
_HEADER = {1: b"\xff\xfb\x18\xc0", 2: b"\xff\xfb\x18\x00"}
_GRANULES = 2
#: ISO 11172-3: 2^((gain - 210) / 4) scales a line; 196 is about a tenth of full scale.
_GLOBAL_GAIN = 196
#: Huffman table 1: (0, 0) is "1", (1, 0) is "01" and a sign bit.
_QUIET_PAIR, _SOUNDING_PAIR, _TABLE = "1", "010", 1


@cache
def frame(lines: tuple[int | None, ...]) -> bytes:
    """Return a frame whose channels (one or two) each sound on a spectral line (27.8 Hz apart, even), or not (None)."""
    channels = len(lines)
    side = "0" * 9 + ("0" * 5 if channels == 1 else "0" * 3) + "0000" * channels
    main = ""
    for _ in range(_GRANULES):
        for line in lines:
            bits = "" if line is None else _QUIET_PAIR * (line // 2) + _SOUNDING_PAIR
            pairs = 0 if line is None else line // 2 + 1
            side += f"{len(bits):012b}{pairs:09b}{_GLOBAL_GAIN:08b}{0:04b}0"
            side += f"{_TABLE:05b}" * 3 + f"{0:04b}{0:03b}" + "000"
            main += bits
    bits = side + main
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return (_HEADER[channels] + body).ljust(FRAME_BYTES, b"\x00")


_BITRATES_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def seconds_of(audio: bytes) -> float | None:
    """Return how long the layer III frames of a file play, past an ID3 tag; None if there are none."""
    position = _after_id3(audio)
    seconds, found = 0.0, False
    while position + 4 <= len(audio):
        read = _frame_at(audio, position)
        if read is None:
            break
        length, duration = read
        position, seconds, found = position + length, seconds + duration, True
    return round(seconds, 6) if found else None


def _after_id3(audio: bytes) -> int:
    if audio[:3] != b"ID3" or len(audio) < 10:  # noqa: PLR2004 - an ID3 header is ten bytes
        return 0
    size = 0
    for byte in audio[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frame_at(audio: bytes, position: int) -> tuple[int, float] | None:
    """Return the length in bytes and seconds of the frame at a position, or None if none begins there."""
    first, second, third = audio[position], audio[position + 1], audio[position + 2]
    version, layer = second >> 3 & 3, second >> 1 & 3
    bitrate_index, rate_index = third >> 4, third >> 2 & 3
    is_frame = first == 0xFF and second >> 5 == 7 and layer == 1 and version != 1  # noqa: PLR2004 - sync bits
    if not is_frame or not 0 < bitrate_index < 15 or rate_index == 3:  # noqa: PLR2004 - free and reserved values
        return None
    generation = 1 if version == 3 else 2  # noqa: PLR2004 - 3 is MPEG-1
    bitrate = _BITRATES_KBPS[generation][bitrate_index] * 1000
    rate = _SAMPLE_RATES_HZ[version][rate_index]
    samples = 1152 // generation
    return samples // 8 * bitrate // rate + (third >> 1 & 1), samples / rate
