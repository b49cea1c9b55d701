"""A large recording through a real storage and a real S3 endpoint, in a process of its own whose memory is measured."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from archive.copying import PART_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1_048_576
LARGE_BYTES = 256 * MEGABYTE + 44
MOST_GROWTH_BYTES = 6 * PART_BYTES
"""For some parts in flight; the recording has thirty-two."""
MOST_SECONDS = 60

ROOT = Path(__file__).parents[2]
UNKNOWN = 0xFFFF_FFFF
HEADER = struct.pack(
    "<4sI4s4sIHHIIHH4sI", b"RIFF", UNKNOWN, b"WAVE", b"fmt ", 16, 1, 2, 8_000, 32_000, 4, 16, b"data", UNKNOWN
)
PIECE = bytes(range(256)) * (MEGABYTE // 256)

COPYING = """
import resource, sys, time
import boto3, urllib3
from botocore.config import Config
from archive.bucket import RecordingsBucket
from archive.copying import copy_audio
from archive.deadline import Deadline
from archive.source import Download
from dialtone.recordings import Recording

url, large = sys.argv[1], int(sys.argv[2])
s3 = boto3.client("s3", endpoint_url=url, config=Config(s3={"addressing_style": "path"}))
bucket = RecordingsBucket(s3, "bucket")
deadline = Deadline(time.monotonic() + 120)

def take(length, number):
    response = urllib3.request("GET", f"{url}/audio/{length}", preload_content=False)
    download = Download(response)
    download.check()
    recording = Recording("session", "leg", number, 1, "2026-09-21T12:00:00Z", "record_start")
    copied, _ = copy_audio(download.pieces(deadline), bucket, recording)
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


def audio(length: int) -> Iterator[bytes]:
    yield HEADER
    left = length - len(HEADER)
    while left:
        yield PIECE[:left]
        left -= min(left, len(PIECE))


class Endpoint(BaseHTTPRequestHandler):
    """Gives audio of the length that the path asks for; takes parts as S3 does and gives the same audio back."""

    protocol_version = "HTTP/1.1"
    lengths: dict[str, int] = {}  # noqa: RUF012 -- what came, by path, for as long as the test runs

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        length = self.lengths[path] if path in self.lengths else int(path.rpartition("/")[2])
        self.begin(length, "audio/wav")
        for piece in audio(length):
            self.wfile.write(piece)

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        self.rfile.read(int(self.headers["content-length"]))
        began = "uploads" in parse_qs(address.query, keep_blank_values=True)
        self.answer(
            b"<InitiateMultipartUploadResult><UploadId>u-1</UploadId></InitiateMultipartUploadResult>"
            if began
            else b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
        )

    def do_PUT(self) -> None:
        path = urlsplit(self.path).path
        left = int(self.headers["content-length"])
        self.lengths[path] = self.lengths.get(path, 0) + left
        while left:
            left -= len(self.rfile.read(min(left, MEGABYTE)))
        self.answer(b"", etag='"e"', **{"x-amz-checksum-crc32": self.headers["x-amz-checksum-crc32"]})

    def begin(self, length: int, kind: str, **headers: str) -> None:
        self.send_response(200)
        for name, value in {"content-type": kind, "content-length": str(length), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def answer(self, body: bytes, **headers: str) -> None:
        self.begin(len(body), "application/xml", **headers)
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: pytest shows what matters."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


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
