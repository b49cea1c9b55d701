"""The archive against a bare `upload_fileobj`, and its memory: `python -m tests.benchmarks.archive_speed`.

Both copy from the same storage into the same S3 endpoint, over HTTP on this machine: once as fast as it goes, once at
the speed of a network. Ours hashes, measures and checks the audio as it passes, and reads it back afterwards. What each
of these costs is counted in CPU, which does not depend on how much of it other programs leave.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.audio import Mp3Meter, WavMeter
from archive.upload import PART_BYTES
from infra.carrier import mpeg
from tests.benchmarks.figures import spread, table
from tests.benchmarks.pictures import BROKEN, OTHER, Curve, Plot, chart
from tests.benchmarks.section import Goal, Section
from tests.integration.audio_endpoint import HEADER, PIECE, audio_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archive.audio import Meter

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_048_576
COMPARED, QUICK_COMPARED = 256, 64
"""Megabytes of the recording that both copy: a stereo WAV of two hours."""
SIZES, QUICK_SIZES = (16, 32, 128, 512, 1_024), (16, 64)
"""From two parts of an upload on: what is shorter is held as a whole, some 8 MB at a time."""
RUNS, QUICK_RUNS = 9, 2
HASHED, WALKED = 128, 32
"""Megabytes of which the CPU of hashing and measuring is counted; of an MP3 fewer, since it takes longer."""
NETWORK_SECONDS = 0.0125
"""A megabyte: 80 MB/s, what Lambda gets from S3 on one connection."""
LEAST_SHARE = 0.8
MOST_GROWTH_MEGABYTES = 32
MOST_SECONDS = 300

_numbers = itertools.count(1, 2)


@dataclass(frozen=True, slots=True)
class Copied:
    """One recording copied in a process of its own."""

    seconds: float
    cpu: float
    """Seconds of it, of the copy alone."""
    memory: float
    """Bytes at the most."""
    proving: float = 0.0
    """Seconds for reading it back."""
    proving_cpu: float = 0.0


def copied(url: str, path: str, megabytes: int) -> Copied:
    """Copy, in a process of its own."""
    arguments = [url, path, str(megabytes * MEGABYTE + 44), str(next(_numbers))]
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "tests.benchmarks.archive_copy", *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{path}, {megabytes} MB: {done.stderr[-2_000:]}")
    return Copied(**json.loads(done.stdout))


def _pairs(pause_seconds: float, runs: int, megabytes: int) -> list[tuple[Copied, Copied]]:
    """Ours and the bare one in turn, so that both meet the same machine."""
    with audio_endpoint(pause_seconds) as url:
        return [(copied(url, "ours", megabytes), copied(url, "boto3", megabytes)) for _ in range(runs)]


def _hash(pieces: Sequence[bytes]) -> None:
    sha256 = hashlib.sha256()
    for piece in pieces:
        sha256.update(piece)


def _measure(meter: Meter, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        meter.feed(piece)
    meter.sound()


def _millis(work: Callable[[], None], megabytes: int) -> float:
    """CPU of a megabyte."""
    spent = []
    for _ in range(QUICK_RUNS + 1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent) * 1_000 / megabytes


def _costs(pairs: Sequence[tuple[Copied, Copied]], megabytes: int) -> str:
    """Where the CPU of a copy goes: its parts measured alone, what is left of the whole, and the bare one."""
    wav = [HEADER, *[PIECE * (PART_BYTES // MEGABYTE)] * (HASHED * MEGABYTE // PART_BYTES)]
    mp3 = [mpeg.frame((40, 20)) * (PART_BYTES // mpeg.FRAME_BYTES)] * (WALKED * MEGABYTE // PART_BYTES)
    hashing = _millis(lambda: _hash(wav), HASHED)
    wav_measuring = _millis(lambda: _measure(WavMeter(), wav), HASHED)
    mp3_measuring = _millis(lambda: _measure(Mp3Meter(), mp3), WALKED)
    whole, proving, bare = (
        statistics.median(each) * 1_000 / megabytes
        for each in zip(*((ours.cpu, ours.proving_cpu, bare.cpu) for ours, bare in pairs), strict=True)
    )
    rows = [
        ("receive and send; CRC32 and signature of each part", whole - hashing - wav_measuring, bare),
        ("SHA-256 of the file", hashing, None),
        ("format, duration and waveform of a WAV", wav_measuring, None),
        ("**copy**", whole, bare),
        ("read it back, and SHA-256 of that", proving, None),
        ("in place of the WAV's, of an MP3 of 32 kbit/s", mp3_measuring, None),
    ]
    shown = [(name, f"{ours:.2f}", "" if other is None else f"{other:.2f}") for name, ours, other in rows]
    return table(["CPU, ms a megabyte", "ours", "bare"], shown)


def section(*, quick: bool = False) -> Section:
    """Compare, and measure memory against size."""
    megabytes, runs = (QUICK_COMPARED, QUICK_RUNS) if quick else (COMPARED, RUNS)
    paths = {"over a network of 80 MB/s": _pairs(NETWORK_SECONDS, runs, megabytes)}
    if not quick:
        paths["as fast as this machine can"] = _pairs(0.0, runs, megabytes)
    with audio_endpoint() as url:
        memory = {size: copied(url, "ours", size).memory / MEGABYTE for size in (QUICK_SIZES if quick else SIZES)}
    rows, goals = [], []
    for name, pairs in paths.items():
        shares = [bare.seconds / ours.seconds for ours, bare in pairs]
        whole = [bare.seconds / (ours.seconds + ours.proving) for ours, bare in pairs]
        speed = [f"{megabytes / statistics.median(each):.0f}" for each in _seconds(pairs)]
        rows.append((name, *speed, spread(shares), spread(whole)))
        share = statistics.median(shares)
        goals.append(
            Goal(
                f"at least 0.8 of the throughput of a bare `upload_fileobj`, {name}",
                f"{spread(shares)} times",
                share >= LEAST_SHARE * (0.75 if quick else 1),
            )
        )
    growth = max(memory.values()) - min(memory.values())
    goals.append(
        Goal(
            f"memory flat within 32 MB between {min(memory)} MB and {max(memory):,} MB",
            f"{growth:.0f} MB more",
            growth <= MOST_GROWTH_MEGABYTES,
        )
    )
    head = [f"{megabytes} MB", "ours MB/s", "bare MB/s", "ours against bare", "with reading back"]
    text = (
        "Ours hashes and measures the audio and checks its format as it passes: the goals are about this copy."
        " Afterwards it reads the object back and compares its hash, which no bare upload does. That proves what S3"
        " gives, not only what it received. All bytes pass a second time for it, so over a network, where a bare copy"
        " receives and sends at once, both together can hardly have more than half of its throughput. Nobody waits for"
        " it.\n\n"
        + table(head, rows)
        + "\n\nWhere no network limits the copy, the CPU does. What ours must have more is the SHA-256 of the file."
        " Both have botocore hash each part once more here, to sign what goes over plain HTTP; over HTTPS it does not."
        " An MP3 is gone through frame by frame, which takes most of the time of its copy. But an hour of it has 14 MB,"
        " where an hour of stereo WAV has 110.\n\n"
        + _costs(next(reversed(paths.values())), megabytes)
        + "\n\n"
        + table(["recording", "most memory, MB"], [(f"{size:,} MB", f"{of:.0f}") for size, of in memory.items()])
    )
    pictures = {} if quick else {"archive-memory.svg": _picture(memory)}
    shown = "" if quick else "\n\n![Memory of the archive against the size of a recording: level](archive-memory.svg)"
    return Section("archive", "Archive", text + shown, tuple(goals), pictures)


def _seconds(pairs: Sequence[tuple[Copied, Copied]]) -> tuple[list[float], list[float]]:
    return [ours.seconds for ours, _ in pairs], [bare.seconds for _, bare in pairs]


def _picture(memory: dict[int, float]) -> bytes:
    least, most = min(memory.values()), max(memory.values())
    whole = [(size, least + size) for size in memory if least + size <= 2 * most]
    curves = (
        Curve("the archive", list(memory.items()), dots=True),
        Curve("if it were held whole", whole, OTHER, BROKEN),
    )
    plot = Plot("audio, MB (by factors)", "memory, MB", curves, x_by_factor=True)
    return chart("Memory of the archive, by the size of a recording", (plot,))


if __name__ == "__main__":
    sys.stdout.write(section(quick="--quick" in sys.argv).text + "\n")
