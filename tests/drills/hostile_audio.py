"""Storages that lie about audio: its length, type, encoding and channels, that drip, redirect, or never end.

Whatever comes, it is refused, or lies in the bucket as it came; verified only if it is as long as Telnyx says.
"""

import gzip
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from archive.bucket import RecordingsBucket
from archive.deadline import Deadline
from archive.decompression import unpacked
from archive.download import Downloader
from archive.retries import NotArchived
from archive.upload import copy_audio
from dialtone.domain.allowed_addresses import Target
from dialtone.domain.errors import AddressRefused
from tests.drills import report
from tests.drills.aws_memory import MemoryBucket
from tests.drills.report import STUCK, WRONG, Tally, Violation
from tests.integration.archiving import entry, wav

ADDRESS = "http://127.0.0.1/storage/r.wav"
DEADLINE_SECONDS = 200.0
MOST_READS = 100_000

LIES = (
    "too long",
    "too short",
    "negative",
    "no length",
    "two lengths",
    "chunked",
    "chunked garbage",
    "gzip",
    "gzip cut",
    "gzip bomb",
    "another type",
    "header's channels",
    "header's rate",
    "header's size",
    "a page",
    "noise",
    "nothing",
    "redirects",
    "redirects inside",
    "endless head",
    "no http",
    "drips",
    "never ends",
)


@dataclass(slots=True)
class SlowClock:
    """Time that goes on with each read."""

    now: float = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


class Lying:
    """A connection that brings some bytes, and then perhaps more and more of them."""

    def __init__(self, comes: bytes, clock: SlowClock, *, drips: bool, ever: bytes = b"") -> None:
        self._comes = memoryview(comes)
        self._clock = clock
        self._drips = drips
        self._ever = ever
        self.reads = 0

    def settimeout(self, seconds: float | None) -> None:
        """Nothing."""

    def sendall(self, request: bytes) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def recv_into(self, buffer: memoryview) -> int:
        """Give what comes next, and let time pass."""
        self.reads += 1
        self._clock.now += 1.0 if self._drips or self._ever else 0.001
        if self.reads > MOST_READS:
            raise AssertionError("it is read for ever")
        if not self._comes and self._ever:
            self._comes = memoryview(self._ever)
        size = min(len(buffer), 1 if self._drips else 65_536, len(self._comes))
        buffer[:size] = self._comes[:size]
        self._comes = self._comes[size:]
        return size


class LyingDownloader(Downloader):
    """The archive's downloads from such connections."""

    def __init__(self, connections: Iterator[Lying]) -> None:
        super().__init__(local=True)
        self._connections = connections

    def _connected(self, target: Target, deadline: Deadline) -> Any:  # noqa: ANN401 -- as much of a socket as is used
        del target, deadline
        return next(self._connections)


def play_audio(chance: random.Random, tally: Tally, times: int) -> Iterator[Violation]:
    """Have audio copied from storages that lie."""
    for _ in range(times):
        lie = chance.choice(LIES)
        tally.figures[report.INPUTS_TRIED] += 1
        tally.happened[f"audio {lie}"] += 1
        yield from _copied(chance, lie, tally)


def _copied(chance: random.Random, lie: str, tally: Tally) -> Iterator[Violation]:
    clock, memory = SlowClock(), MemoryBucket()
    deadline = Deadline(DEADLINE_SECONDS, clock)
    try:
        with LyingDownloader(_connections(chance, lie, clock)).get(ADDRESS, deadline) as download:
            if download.status == 200:
                bucket: Any = RecordingsBucket(memory, "recordings")  # type: ignore[arg-type] # in memory
                copied = copy_audio(
                    unpacked(download.pieces()), bucket, entry()._replace(), keep_faulty=chance.random() < 0.5
                )
                stored = memory.objects.get(copied.audio.key, b"")
                if hashlib.sha256(stored).hexdigest() != copied.audio.sha256:
                    yield Violation(WRONG, f"{lie}: what lies in the bucket is not what was measured")
                tally.happened["audio kept"] += 1
    except (NotArchived, AddressRefused):
        tally.happened["audio refused"] += 1
    except BaseException as fault:  # noqa: BLE001 -- whatever it is, it is one of ours
        yield Violation(WRONG, f"audio with {lie}: {type(fault).__name__}: {fault}")
    if memory.uploads:
        yield Violation(STUCK, f"audio with {lie}: an upload was neither completed nor aborted")


def _connections(chance: random.Random, lie: str, clock: SlowClock) -> Iterator[Lying]:
    while True:
        comes, ever = _response(chance, lie)
        yield Lying(comes, clock, drips=lie == "drips", ever=ever)


def _response(chance: random.Random, lie: str) -> tuple[bytes, bytes]:  # noqa: C901, PLR0911, PLR0912 -- lie by lie
    """What comes over a connection, and what comes after it for ever."""
    sound = bytearray(wav(chance.choice((0.1, 1.0, 3.0)), chance.choice((1, 2))))
    if lie == "too long":
        return _answer(bytes(sound), length=len(sound) + chance.choice((1, 10_000, 10**12))), b""
    if lie == "too short":
        return _answer(bytes(sound), length=chance.randrange(len(sound))), b""
    if lie == "negative":
        return _answer(bytes(sound), length=-5), b""
    if lie == "no length":
        return _answer(bytes(sound), length=None), b""
    if lie == "two lengths":
        return _answer(bytes(sound), length=len(sound), more=f"content-length: {chance.randrange(99)}\r\n"), b""
    if lie == "chunked":
        return _answer(
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(sound), sound), length=None, more="transfer-encoding: chunked\r\n"
        ), b""
    if lie == "chunked garbage":
        head = chance.choice((b"zz\r\n", b"-5\r\n", b"ffffffffffff\r\n", b"5\r\nabc", b"\xff" * 70_000))
        return _answer(head, length=None, more="transfer-encoding: chunked\r\n"), b""
    if lie.startswith("gzip"):
        packed = gzip.compress(bytes(sound) if lie != "gzip bomb" else b"\0" * 30_000_000)
        packed = packed[: len(packed) // 2] if lie == "gzip cut" else packed
        return _answer(packed, length=len(packed), more="content-encoding: gzip\r\n"), b""
    if lie.startswith("header's"):
        begin = {"header's channels": 22, "header's rate": 24}.get(lie, 40)
        sound[begin : begin + 2] = chance.randbytes(2)
        return _answer(bytes(sound)), b""
    if lie == "redirects":
        return _redirect(ADDRESS), b""
    if lie == "redirects inside":
        inside = ("http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd", "//", "http://[::1", "\xff", "")
        return _redirect(chance.choice(inside)), b""
    if lie == "endless head":
        return b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 5_000 + b"\r\n"
    if lie == "never ends":
        return _answer(bytes(sound), length=None), b"\0" * 4_096
    contents = {
        "a page": b"<html>" + b"not here " * 500,
        "noise": chance.randbytes(20_000),
        "nothing": b"",
        "another type": bytes(sound),
        "drips": bytes(sound),
    }
    if lie == "no http":
        return chance.randbytes(300), b""
    return _answer(contents[lie], kind="text/html" if lie == "another type" else "audio/wav"), b""


def _answer(body: bytes, length: int | None = -1, kind: str = "audio/wav", more: str = "") -> bytes:
    said = len(body) if length == -1 else length
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}"
    head += "" if said is None else f"content-length: {said}\r\n"
    return head.encode("latin-1") + b"\r\n" + body


def _redirect(address: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nlocation: {address}\r\ncontent-length: 0\r\n\r\n".encode("latin-1")
