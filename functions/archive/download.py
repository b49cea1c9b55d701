"""Downloads over HTTPS, only from checked addresses, within a deadline.

The host is resolved once, all its addresses are checked, and the connection goes to one of them, so a later DNS change
has no effect. Each redirect is checked again. A request carries only the URL, so a redirect cannot leak a secret.

The standard library's client accepts our own socket, so every read respects the deadline: a source that sends slowly is
cut off in time, whether in the handshake, the headers or the audio.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

from archive.audio import LARGEST_BYTES
from archive.retries import NotArchived, TooLong
from dialtone.domain.allowed_addresses import Target, check_resolved, redirected, target_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from archive.deadline import Deadline

RESOLVE_SECONDS = 5.0
"""A resolver answers in milliseconds and retries after 5 s. One attempt is enough: the queue retries."""
CONNECT_SECONDS = 5.0
"""For the connection and for TLS. No caller waits, but storage that takes longer is down."""
READ_SECONDS = 20.0
"""Maximum silence between two chunks: S3, where Telnyx stores recordings, is rarely silent for a second."""
ADDRESSES_TRIED = 4
"""Addresses of a host to try before the queue retries: S3 returns eight equivalent ones."""
REDIRECTIONS = 2
"""S3 redirects once (307) for a new bucket; more redirects are a loop."""
PIECE_BYTES = 131_072
"""Maximum read size; a read returns what is available, over TLS 16 KiB."""

_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


class Downloader:
    """Downloads audio from Telnyx's storage."""

    def __init__(self, *, local: bool = False, resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        """`local` allows http and loopback addresses, for a simulated Telnyx. `resolve` is getaddrinfo."""
        self._local = local
        self._resolve = resolve

    def get(self, address: str, deadline: Deadline) -> Download:
        """The storage's response, after redirects. Raises AddressRefused and NotArchived."""
        for _ in range(REDIRECTIONS + 1):
            download = self._asked(target_of(address, local=self._local), deadline)
            location = download.header("location")
            if download.status not in _REDIRECTS or not location:
                return download
            download.close()
            address = redirected(address, location)
        raise NotArchived(f"Telnyx's storage redirects more than {REDIRECTIONS} times")

    def _asked(self, target: Target, deadline: Deadline) -> Download:
        try:
            connection = self._connected(target, deadline)
        except OSError as error:
            raise NotArchived(f"Telnyx's storage could not be reached: {type(error).__name__}") from None
        try:
            return Download(connection, target, deadline)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise NotArchived(f"Telnyx's storage could not be asked: {type(error).__name__}") from None
        except BaseException:
            connection.close()
            raise

    def _connected(self, target: Target, deadline: Deadline) -> socket.socket:
        """A connection to the first address that answers, after all addresses were checked."""
        resolved = self._resolved(target, deadline)
        for each in resolved:
            check_resolved(target, each, local=self._local)
        unreachable: OSError = OSError()
        for each in resolved[:ADDRESSES_TRIED]:
            try:
                return _connection(target, each, deadline)
            except OSError as error:
                unreachable = error
        raise unreachable

    def _resolved(self, target: Target, deadline: Deadline) -> list[str]:
        """The host's IP addresses. Resolved in a thread, since getaddrinfo has no time-out. Raises OSError."""
        answers: list[Sequence[Any]] = []
        faults: list[Exception] = []

        def ask() -> None:
            try:
                answers.append(self._resolve(target.host, target.port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                faults.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(deadline.left(RESOLVE_SECONDS))
        if not answers:
            deadline.check()
            raise OSError(str(faults[0])) if faults else TimeoutError
        found = dict.fromkeys(str(each[4][0]) for each in answers[0])
        if not found:
            raise OSError(f"{target.host} has no address")
        return list(found)


@cache
def _trusted() -> ssl.SSLContext:
    """Created once, because it is slow; SSL_CERT_FILE is respected."""
    import httpx  # noqa: PLC0415 -- Telnyx's SDK brings it, and a start does not need it

    return httpx.create_ssl_context()


def _connection(target: Target, resolved: str, deadline: Deadline) -> socket.socket:
    connection = socket.create_connection((resolved, target.port), deadline.left(CONNECT_SECONDS))
    if not target.secure:
        return connection
    try:
        secure = _trusted().wrap_socket(connection, server_hostname=target.host, do_handshake_on_connect=False)
    except BaseException:
        connection.close()
        raise
    try:
        secure.settimeout(deadline.left(CONNECT_SECONDS))  # limits the handshake as a whole
        secure.do_handshake()
    except BaseException:
        secure.close()
        raise
    return secure


class _Reading(io.RawIOBase):
    """A raw stream that reads from the socket within the deadline."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 -- any buffer that can be written
        self._connection.settimeout(self._deadline.left(READ_SECONDS))
        try:
            return self._connection.recv_into(buffer)
        except TimeoutError:
            self._deadline.check()
            raise


class _Incoming:
    """The socket methods that the standard library's response uses."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._reading = _Reading(connection, deadline)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reading)


class Download:
    """A storage's response: headers received, body still to be read."""

    def __init__(self, connection: socket.socket, target: Target, deadline: Deadline) -> None:
        """Send the request. Raises OSError, HTTPException and NotArchived."""
        self._connection = connection
        self._deadline = deadline
        head = (
            f"GET {target.path} HTTP/1.1",
            f"host: {target.authority}",
            "accept: */*",
            "accept-encoding: identity",
            "user-agent: dialtone",
            "connection: close",
        )
        connection.settimeout(deadline.left(READ_SECONDS))
        connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode("ascii"))
        incoming: Any = _Incoming(connection, deadline)
        self._response = http.client.HTTPResponse(incoming, method="GET")
        try:
            self._response.begin()
        except BaseException:
            self._response.close()  # left to the garbage collector, it may close its source first and warn
            raise
        self.status = self._response.status

    def header(self, name: str) -> str:
        """A header's value; '' if it is missing."""
        return self._response.getheader(name) or ""

    @property
    def says_its_end(self) -> bool:
        """Whether a premature end can be detected."""
        return self._response.chunked or self._response.length is not None

    def pieces(self) -> Iterator[bytes]:
        """The body in chunks. Raises NotArchived if it is cut short or late, TooLong for too much."""
        self._check_length(self._response.length or 0)
        came = 0
        try:
            while piece := self._response.read1(PIECE_BYTES):
                self._deadline.check()
                came += len(piece)
                self._check_length(came)
                yield piece
        except (OSError, http.client.HTTPException) as error:
            raise NotArchived(f"Telnyx's storage broke off: {type(error).__name__}") from None
        if self._response.length:
            raise NotArchived(f"Telnyx's storage broke off: {self._response.length} bytes are missing")

    def close(self) -> None:
        """Close the connection, even in mid-body."""
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _check_length(length: int) -> None:
        if length > LARGEST_BYTES:
            raise TooLong(
                f"the response has {length} bytes or more; the largest recording of Telnyx has {LARGEST_BYTES} bytes"
            )
