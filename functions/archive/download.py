"""Downloads over HTTPS, from checked addresses only, and never beyond a deadline.

The host is resolved once, all its addresses are checked, and the connection goes to one of those: DNS that changes a
moment later has no effect. Each redirect is checked again. A request carries nothing but the URL: there is no secret
that a redirect could leak.

The standard library's client is used because it accepts a socket of ours: each read waits no longer than the deadline
allows, so that a source that drips ends on time, be it in the handshake, in the headers or in the audio.
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
from archive.errors import NotArchived, TooLong
from dialtone.domain.allowed_addresses import Target, check_resolved, redirected, target_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Sequence

    from archive.deadline import Deadline

RESOLVE_SECONDS = 5.0
"""A resolver answers in milliseconds, and tries again after 5 s: one such try is enough, the queue has more."""
CONNECT_SECONDS = 5.0
"""For each of connection and TLS. No caller waits; but storage that takes longer is down."""
READ_SECONDS = 20.0
"""Of silence between two pieces: S3 itself, where Telnyx's recordings lie, is rarely silent for a second."""
ADDRESSES_TRIED = 4
"""Of those that a host has, before the queue tries again: S3 gives eight, and one of them is as good as the other."""
REDIRECTIONS = 2
"""S3 answers 307 for a young bucket, once; more is going in circles."""
PIECE_BYTES = 131_072
"""At a time, at most: a read gives what is there, over TLS 16 KiB."""

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
    """Asks storages for audio."""

    def __init__(self, *, local: bool = False, resolve: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> None:
        """`local` opens http, and this machine's own addresses: for a simulated Telnyx. `resolve` is getaddrinfo."""
        self._local = local
        self._resolve = resolve

    def get(self, address: str, deadline: Deadline) -> Download:
        """The answer of the storage, after redirects. Raises AddressRefused and NotArchived."""
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
        """A connection to the first of the host's addresses that answers, after all of them were judged."""
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
        """The host's IP addresses. In a thread of its own, since the resolver knows no deadline; raises OSError."""
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
    """Made once, which takes a while; the environment's SSL_CERT_FILE counts."""
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
        secure.settimeout(deadline.left(CONNECT_SECONDS))  # holds for the handshake as a whole
        secure.do_handshake()
    except BaseException:
        secure.close()
        raise
    return secure


class _Reading(io.RawIOBase):
    """What a connection brings, as it comes."""

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
    """As much of a socket as the standard library's response asks for."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._reading = _Reading(connection, deadline)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reading)


class Download:
    """The answer of a storage: its head is here, its body still comes."""

    def __init__(self, connection: socket.socket, target: Target, deadline: Deadline) -> None:
        """Ask. Raises OSError, HTTPException and NotArchived."""
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
            self._response.close()  # left to the garbage collector, it may close what it reads from first, and complain
            raise
        self.status = self._response.status

    def header(self, name: str) -> str:
        """A header's value; '' if it is missing."""
        return self._response.getheader(name) or ""

    @property
    def says_its_end(self) -> bool:
        """Whether an early end can be distinguished from the real one."""
        return self._response.chunked or self._response.length is not None

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises NotArchived if it is cut short, or not there in time; TooLong for too much."""
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
        """Let go of the connection, on which something may still be coming."""
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def _check_length(length: int) -> None:
        if length > LARGEST_BYTES:
            raise TooLong(f"what comes has {length} bytes or more: no recording of Telnyx's has over {LARGEST_BYTES}")
