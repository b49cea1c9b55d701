"""Downloads from storages that mean no good, over real sockets: whom they reach, and how long they last."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import decompression, download
from archive.deadline import Deadline
from archive.decompression import unpacked
from archive.download import Downloader
from archive.retries import NotArchived, TooLong
from dialtone.domain.errors import AddressRefused

HOST = "audio.example"
SHORT_SECONDS = 0.4
AUDIO = b"RIFF....WAVE" * 1_000
OK = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(AUDIO) + AUDIO


@dataclass
class Storage:
    """A server that handles each connection as a test says."""

    behave: Callable[[socket.socket], object]
    listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    connections: int = 0
    secure: ssl.SSLContext | None = None
    open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        port: int = self.listening.getsockname()[1]
        return port

    @contextlib.contextmanager
    def running(self) -> Iterator[Storage]:
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()
            for each in self.open:
                each.close()
            thread.join()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                self.open.append(connection)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self.behave(self.secure.wrap_socket(connection, server_side=True) if self.secure else connection)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (piece := connection.recv(4_096)):
        head += piece
    return head


def answering(answer: bytes) -> Callable[[socket.socket], object]:
    """Give a behaviour: read the request, answer it, be gone."""

    def behave(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer)
        connection.close()

    return behave


def dripping(beginning: bytes, drop: bytes) -> Callable[[socket.socket], object]:
    """Give a behaviour: after a beginning, a drop every now and then, for ever."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(drop)
            time.sleep(0.02)

    return behave


@dataclass
class Names:
    """A resolver that gives one answer after the other, the last one for ever."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int, **_: object) -> Sequence[object]:
        self.asked.append(host)
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]


def within(seconds: float) -> Deadline:
    return Deadline(time.monotonic() + seconds)


def body(downloader: Downloader, url: str, seconds: float = 10.0) -> bytes:
    with downloader.get(url, within(seconds)) as answer:
        return b"".join(unpacked(answer.pieces()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file with a certificate for the storage's name, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "storage.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """Give what a server needs to be trusted as HOST."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    download._trusted.cache_clear()  # noqa: SLF001 -- read once a process
    presenting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    presenting.load_cert_chain(certificate)
    yield presenting
    download._trusted.cache_clear()  # noqa: SLF001 -- read once a process


def test_audio_comes_by_tls_from_the_address_that_was_checked(trusted: ssl.SSLContext) -> None:
    names = Names([["127.0.0.1"], ["10.0.0.1"]])  # another answer to whoever asks twice
    heads: list[bytes] = []

    def behave(connection: socket.socket) -> None:
        heads.append(read_head(connection))
        connection.sendall(OK)
        connection.close()

    with Storage(behave, secure=trusted).running() as storage:
        port = storage.port
        came = body(Downloader(local=True, resolve=names), f"https://{HOST}:{port}/1.wav?X-Amz-Signature=f00d")

    assert came == AUDIO
    assert names.asked == [HOST]
    assert heads[0].startswith(b"GET /1.wav?X-Amz-Signature=f00d HTTP/1.1\r\n")
    assert f"host: {HOST}:{port}\r\n".encode() in heads[0]


def test_a_server_of_another_name_is_not_asked(trusted: ssl.SSLContext) -> None:
    heads: list[bytes] = []

    with Storage(lambda each: heads.append(read_head(each)), secure=trusted).running() as storage:
        downloader = Downloader(local=True, resolve=Names([["127.0.0.1"]]))
        with pytest.raises(NotArchived, match="could not be reached: SSLCertVerificationError"):
            downloader.get(f"https://other.example:{storage.port}/1.wav", within(5))

    assert [head for head in heads if head] == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "10.0.0.1"], ["::1"]])
def test_a_name_with_any_address_off_the_public_internet_is_not_connected_to(addresses: list[str]) -> None:
    with Storage(answering(OK)).running() as storage:
        downloader = Downloader(resolve=Names([addresses]))
        with pytest.raises(AddressRefused, match="not an address on the public internet"):
            downloader.get(f"https://{HOST}:{storage.port}/1.wav", within(5))

        assert storage.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_not_reached_by_any_name_of_its_own(host: str) -> None:
    with Storage(answering(OK)).running() as storage:
        with pytest.raises((NotArchived, AddressRefused)):
            Downloader().get(f"https://{host}:{storage.port}/1.wav", within(5))

        assert storage.connections == 0


@pytest.mark.parametrize(
    "location", ["http://{host}/", "https://10.0.0.1/", "https://metadata.example/", "file:///etc/passwd", "//["]
)
def test_where_a_redirect_leads_is_judged_anew(trusted: ssl.SSLContext, location: str) -> None:
    names = Names([["127.0.0.1"], ["169.254.169.254"]])
    led = location.replace("{host}", HOST).encode()
    answer = b"HTTP/1.1 307 Temporary Redirect\r\ncontent-length: 0\r\nlocation: " + led + b"\r\n\r\n"

    def literal_or_named(host: str, port: int, **rest: object) -> Sequence[object]:
        return [(0, 0, 0, "", (host, port))] if host[0].isdigit() else names(host, port, **rest)

    with Storage(answering(answer), secure=trusted).running() as storage:
        with pytest.raises(AddressRefused):
            Downloader(local=True, resolve=literal_or_named).get(f"https://{HOST}:{storage.port}/", within(5))

        assert storage.connections == 1


ENDLESS = {
    "a handshake that never comes": (True, dripping(b"", b"\x16")),
    "headers that drip": (False, dripping(b"HTTP/1.1 200 OK\r\nx: ", b"x")),
    "headers without end": (False, dripping(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n")),
    "a hundred and a hundred": (False, dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
    "audio that drips": (False, dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", b"x")),
    "audio that drips in chunks": (
        False,
        dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ),
    "a chunk's length that drips": (False, dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0")),
    "trailers that drip": (False, dripping(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n")),
    "audio without a length": (False, dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x")),
    "gzip of nothing": (False, dripping(b"HTTP/1.1 200 OK\r\n\r\n", gzip.compress(b""))),
    "silence": (False, dripping(b"", b"")),
}


@pytest.mark.parametrize("how", ENDLESS)
def test_the_deadline_holds_whatever_drips(how: str) -> None:
    secure, behave = ENDLESS[how]
    began = time.monotonic()

    with Storage(behave).running() as storage:
        scheme = "https" if secure else "http"
        with pytest.raises(NotArchived):
            body(Downloader(local=True), f"{scheme}://127.0.0.1:{storage.port}/1.wav", SHORT_SECONDS)

    assert time.monotonic() - began < SHORT_SECONDS + 0.6


def test_the_deadline_holds_where_names_are_not_resolved() -> None:
    began, over = time.monotonic(), threading.Event()

    def hanging(*_: object, **__: object) -> Sequence[object]:
        over.wait(10)
        return []

    with pytest.raises(NotArchived, match="not copied in time"):
        Downloader(resolve=hanging).get(f"https://{HOST}/1.wav", within(SHORT_SECONDS))
    over.set()

    assert time.monotonic() - began < SHORT_SECONDS + 0.6


def test_slow_redirects_share_the_deadline() -> None:
    def slow(connection: socket.socket) -> None:
        read_head(connection)
        time.sleep(SHORT_SECONDS * 0.7)
        connection.sendall(b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /again\r\n\r\n")

    with Storage(slow).running() as storage, pytest.raises(NotArchived, match="not copied in time"):
        Downloader(local=True).get(f"http://127.0.0.1:{storage.port}/", within(SHORT_SECONDS))


@pytest.mark.parametrize("fault", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_a_name_that_is_not_known_comes_again(fault: Exception) -> None:
    def unknown(*_: object, **__: object) -> Sequence[object]:
        raise fault

    with pytest.raises(NotArchived, match="could not be reached: OSError"):
        Downloader(resolve=unknown).get(f"https://{HOST}/1.wav", within(5))


def test_the_next_of_a_hosts_addresses_is_tried_where_one_does_not_answer() -> None:
    with Storage(answering(OK)).running() as storage:
        names = Names([["127.0.0.2", "127.0.0.1"]])  # nobody listens on the first

        assert body(Downloader(local=True, resolve=names), f"http://{HOST}:{storage.port}/1.wav") == AUDIO


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 100001\r\n\r\n",
        b"\r\n",
        b"transfer-encoding: chunked\r\n\r\n",
        b"content-encoding: gzip\r\n\r\n",
    ],
)
def test_more_than_any_recording_has_is_never_taken(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    monkeypatch.setattr(download, "LARGEST_BYTES", 100_000)
    monkeypatch.setattr(decompression, "LARGEST_BYTES", 100_000)
    content = gzip.compress(bytes(100_001)) if b"gzip" in head else bytes(100_001)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content) if b"chunked" in head else content

    with Storage(answering(b"HTTP/1.1 200 OK\r\n" + head + sent)).running() as storage, pytest.raises(TooLong):
        body(Downloader(local=True), f"http://127.0.0.1:{storage.port}/1.wav")


@settings(
    max_examples=5 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    answer=st.binary(max_size=200)
    | st.tuples(
        st.sampled_from([b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/1.0 200\r\n"]),
        st.lists(
            st.sampled_from(
                [
                    b"content-length: 5\r\n",
                    b"content-length: -1\r\n",
                    b"content-length: 1e9\r\n",
                    b"transfer-encoding: chunked\r\n",
                    b"location: https://\xff/\r\n",
                    b"location: \x00\r\n",
                    b"x: " + b"y" * 70_000 + b"\r\n",
                    b": \r\n",
                ]
            ),
            max_size=4,
        ),
        st.binary(max_size=60),
    ).map(lambda each: each[0] + b"".join(each[1]) + b"\r\n" + each[2])
)
def test_whatever_a_storage_answers_is_bytes_or_a_reason(answer: bytes) -> None:
    with Storage(answering(answer)).running() as storage:
        came = b""
        with contextlib.suppress(NotArchived):  # and nothing else
            came = body(Downloader(local=True), f"http://127.0.0.1:{storage.port}/1.wav", 2.0)

    assert len(came) <= max(len(answer), 1) * 1_100


@given(st.binary(max_size=2_000), st.lists(st.integers(1, 500), max_size=8))
def test_what_is_unpacked_is_what_was_packed_in_whatever_pieces_it_comes(content: bytes, cuts: list[int]) -> None:
    packed = gzip.compress(content) + gzip.compress(content)
    pieces, begin = [], 0
    for cut in (*cuts, len(packed)):
        pieces.append(packed[begin : begin + cut])
        begin += cut

    assert b"".join(unpacked(piece for piece in pieces if piece)) == content * 2


def test_a_few_bytes_that_stand_for_very_many_are_unpacked_a_little_at_a_time() -> None:
    bomb = gzip.compress(bytes(50_000_000))

    sizes = [len(piece) for piece in unpacked([bomb])]

    assert sum(sizes) == 50_000_000
    assert max(sizes) <= decompression.AT_ONCE_BYTES


@pytest.mark.parametrize("how", ["cut", "garbled"])
def test_broken_gzip_is_a_reason(how: str) -> None:
    packed = gzip.compress(AUDIO)

    with pytest.raises(NotArchived, match="gzip"):
        list(unpacked([packed[:-1] if how == "cut" else packed[:40] + b"\xff" * 40]))
