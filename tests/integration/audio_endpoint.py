"""A storage that gives audio of any length, and an S3 endpoint that takes and gives it back: over real HTTP."""

import contextlib
import struct
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MEGABYTE = 1_048_576
UNKNOWN = 0xFFFF_FFFF
HEADER = struct.pack(
    "<4sI4s4sIHHIIHH4sI", b"RIFF", UNKNOWN, b"WAVE", b"fmt ", 16, 1, 2, 8_000, 32_000, 4, 16, b"data", UNKNOWN
)
PIECE = bytes(range(256)) * (MEGABYTE // 256)


def audio(length: int) -> Iterator[bytes]:
    yield HEADER
    left = length - len(HEADER)
    while left:
        yield PIECE[:left]
        left -= min(left, len(PIECE))


class AudioEndpoint(BaseHTTPRequestHandler):
    """Gives audio of the length that the path asks for; takes parts as S3 does and gives the same audio back."""

    protocol_version = "HTTP/1.1"
    lengths: dict[str, int] = {}  # noqa: RUF012 -- what came, by path, for as long as the server runs
    pause_seconds = 0.0

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        length = self.lengths[path] if path in self.lengths else int(path.rpartition("/")[2])
        self.begin(length, "audio/wav")
        for piece in audio(length):
            time.sleep(self.pause_seconds)
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
            time.sleep(self.pause_seconds)
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


@contextlib.contextmanager
def audio_endpoint(pause_seconds: float = 0.0) -> Iterator[str]:
    """Give its address; each megabyte takes so much longer than it would, either way."""
    handler = type("Endpoint", (AudioEndpoint,), {"lengths": {}, "pause_seconds": pause_seconds})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
