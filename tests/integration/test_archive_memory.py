"""A large recording through a real storage and a real S3 endpoint, in a process of its own whose memory is measured."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.upload import PART_BYTES
from tests.integration.audio_endpoint import HEADER, MEGABYTE, audio, audio_endpoint

LARGE_BYTES = 256 * MEGABYTE + 44
MOST_GROWTH_BYTES = 6 * PART_BYTES
"""For some parts in flight; the recording has thirty-two."""
MOST_SECONDS = 60

ROOT = Path(__file__).parents[2]
COPYING = """
import resource, sys, time
import boto3
from botocore.config import Config
from archive.bucket import RecordingsBucket
from archive.upload import copy_audio
from archive.deadline import Deadline
from archive.download import Downloader
from archive.decompression import unpacked
from dialtone.domain.recordings import Recording

url, large = sys.argv[1], int(sys.argv[2])
s3 = boto3.client("s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}))
bucket = RecordingsBucket(s3, "bucket")
deadline = Deadline(time.monotonic() + 120)

def take(length, number):
    download = Downloader(local=True).get(f"{url}/audio/{length}", deadline)
    recording = Recording("session", "leg", number, 1, "2026-09-21T12:00:00Z", "record_start")
    copied = copy_audio(unpacked(download.pieces()), bucket, recording).audio
    stored = bucket.read_back(copied.key, deadline)
    assert (stored.length_bytes, stored.sha256) == (copied.length_bytes, copied.sha256)
    return copied

def memory_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

take(20 * 1024 * 1024 + 44, 1)
before = memory_bytes()
copied = take(large, 2)
print(copied.length_bytes, copied.sha256, copied.duration_millis, memory_bytes() - before)
"""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with audio_endpoint() as url:
        yield url


def test_memory_stays_flat_however_long_the_recording(endpoint: str) -> None:
    expected = hashlib.sha256()
    for piece in audio(LARGE_BYTES):
        expected.update(piece)
    environment = {
        "PYTHONPATH": str(ROOT / "functions"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    done = subprocess.run(  # noqa: S603 -- this test's own program
        [sys.executable, "-c", COPYING, endpoint, str(LARGE_BYTES)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    length, sha256, duration_millis, growth = done.stdout.split()
    assert (int(length), sha256) == (LARGE_BYTES, expected.hexdigest())
    assert int(duration_millis) == round((LARGE_BYTES - len(HEADER)) / 32)
    assert int(growth) < MOST_GROWTH_BYTES
