"""The archive against a bare `upload_fileobj`, and its memory: `python -m tests.benchmarks.archive_speed`.

Both copy from the same storage into the same S3 endpoint, over HTTP on this machine: once as fast as it goes, once at
the speed of a network. Ours hashes, measures and checks the audio as it passes, and reads it back afterwards.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.figures import spread, table
from tests.benchmarks.pictures import BROKEN, OTHER, Curve, Plot, chart
from tests.benchmarks.section import Goal, Section
from tests.integration.audio_endpoint import audio_endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_048_576
COMPARED, QUICK_COMPARED = 256, 64
"""Megabytes of the recording that both copy: a stereo WAV of two hours."""
SIZES, QUICK_SIZES = (16, 32, 128, 512, 1_024), (16, 64)
"""From two parts of an upload on: what is shorter is held as a whole, some 8 MB at a time."""
RUNS, QUICK_RUNS = 9, 2
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
    proving: float
    """Seconds for reading it back."""
    cpu: float
    memory: float
    """Bytes at the most."""


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
        "Ours hashes and measures the audio and checks its format as it passes, then reads the object back and compares"
        " its hash: a proof that the bare upload does not give, and that costs as much again as the upload. Where no"
        " network limits them, both take all of the CPU there is, and what ours has more is the SHA-256.\n\n"
        + table(head, rows)
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
