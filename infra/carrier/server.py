"""The carrier behind a real HTTP server, and webhooks over real HTTP; on 127.0.0.1 only."""

import http.client
import socket
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from infra.carrier.api import specification
from infra.carrier.carrier import Carrier
from infra.carrier.wire import Loss, Request, Response, UndeliveredError

HOST = "127.0.0.1"
#: Hosts that a simulated carrier may reach, and the domain that is this machine by definition (RFC 6761): nothing
#: leaves it.
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost"})
LOCAL_DOMAIN = ".localhost"
#: How long a request whose answer gets lost in silence is kept waiting before the connection is closed.
SILENCE_SECONDS = 3.0
#: How long fetching an audio file may take.
FETCH_SECONDS = 5.0
#: How soon a server notices that it is to stop.
STOPPING_SECONDS = 0.02
#: Larger bodies than this are no API requests: an audio file of 20 MB, and what is around it.
LARGEST_BODY_BYTES = 21 * 2**20


def _local(url: str) -> tuple[str, int, str]:
    """Give host name, port and path of a URL on this machine; raises UndeliveredError for any other."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    if parts.scheme != "http" or not (name in LOCAL_HOSTS or name.endswith(LOCAL_DOMAIN)):
        raise UndeliveredError(f"{url} is not on this machine")
    return parts.netloc, parts.port or 80, parts.path or "/"


def http_post(request: Request, timeout_seconds: float) -> int:
    """Take a webhook to its URL; returns the status, raises UndeliveredError."""
    name, port, path = _local(request.path)
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_seconds)
    query = f"?{urlencode(request.query)}" if request.query else ""
    try:
        connection.request(request.method, path + query, request.body, {**request.headers, "host": name})
        response = connection.getresponse()
        response.read()
    except TimeoutError as error:
        raise UndeliveredError(f"no answer within {timeout_seconds:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise UndeliveredError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    return response.status


def http_fetch(url: str) -> bytes:
    """Fetch an audio file from this machine; raises OSError."""
    try:
        _local(url)
    except UndeliveredError as error:
        raise OSError("could not resolve host") from error
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as response:  # noqa: S310 - _local lets http pass only
            content: bytes = response.read()
            return content
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"HTTP error code {error.code}") from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, carrier: Carrier, port: int) -> None:
        self.carrier = carrier
        self.silence = threading.Event()
        super().__init__((HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- as socketserver has it
        """A client that goes away, such as a function that is ended, is not a fault of the server's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and a small body leave as one packet, and none waits for the peer's acknowledgement.
    wbufsize = 2**16
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        announced = self.headers.get("content-length") or "0"
        length = int(announced) if announced.isdecimal() else -1
        if not 0 <= length <= LARGEST_BODY_BYTES:
            self.close_connection = True
            self._send(Response(413 if length > 0 else 400))
            return
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        response = self.server.carrier.handle(Request(self.command, url.path, query, headers, body))
        if response.lost is not None:
            self._lose(response.lost)
        else:
            self._send(response)

    def _send(self, response: Response) -> None:
        chunks: Iterable[bytes] = [response.body] if isinstance(response.body, bytes) else response.body
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if "content-length" not in response.headers:
            self.send_header("content-length", str(len(response.content())))
        self.end_headers()
        try:
            for chunk in () if self.command == "HEAD" else chunks:
                self.wfile.write(chunk)
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has closed the connection

    def _lose(self, loss: Loss) -> None:
        """Break the connection instead of answering: at once with a reset, or after a long silence."""
        self.close_connection = True
        if loss is Loss.SILENCE:
            self.server.silence.wait(SILENCE_SECONDS)
        # Lingering for no time makes close send a reset instead of an orderly end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's own names

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: the trace tells of every command."""


class CarrierServer:
    """A carrier's API on a port of 127.0.0.1, in threads of its own; use it as a context manager.

    `url` is what TELNYX_BASE_URL wants, with /v2.
    """

    def __init__(self, carrier: Carrier, port: int = 0) -> None:
        if not carrier.pump.threaded:
            raise ValueError("a carrier behind a server must not deliver webhooks itself: give it delivery_threads")
        self.carrier = carrier
        self._server = _Server(carrier, port)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{HOST}:{self.port}/v2"
        carrier.public_url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._serve, name="carrier", daemon=True)

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=STOPPING_SECONDS)

    def __enter__(self) -> Self:
        specification.preload()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.silence.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.carrier.close()
