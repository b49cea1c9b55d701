"""Pages and an API for this machine alone: HTTP on 127.0.0.1, closed to what other sites' pages would ask of it.

A browser sends requests for any page that is open in it. So the host name must be this machine's, which a name that an
attacker's DNS leads here is not; and what says where it comes from must come from here. Programs say nothing of that.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from dialtone.domain.errors import DialtoneError
from infra.local.errors import PortInUseError

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
"""How a browser on this machine names it."""

LARGEST_BODY_BYTES = 2**16
"""Words that somebody says, and a number to call."""

IDLE_SECONDS = 20.0
"""How long a connection may keep a thread without reading or writing."""

STOPPING_SECONDS = 0.02
"""How soon the server notices that it is to stop."""

JSON, EVENTS = "application/json", "text/event-stream"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Everything is loaded from here, and no inline code runs."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

OWN_SITES = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of the server's own pages, and of an address that a person typed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may be answered."""

    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object that was sent; empty if none was."""
    last_event: int = 0
    """The number of the last event that a browser received before it reconnected."""
    path: str = "/"
    """As it was sent, its escapes unread."""
    raw_query: str = ""
    tag: str = ""
    """Of the content that the browser has kept (`If-None-Match`)."""
    key: str = ""
    """Under which the request is carried out once (`Idempotency-Key`)."""
    from_page: bool = False
    """Whether one of this server's own pages has sent it, as a browser says of every request that is not a GET."""

    def text(self, name: str) -> str:
        """A text of the body. Raises Refusal if it is something else."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be a text")
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in one piece."""

    content: bytes = b""
    kind: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    """In place of HEADERS of the same name, or beside them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A streaming response: server-sent events, each with its number; None checks whether the client still listens."""

    events: Iterator[tuple[int, Mapping[str, Any]] | None]


class Refusal(Exception):  # noqa: N818 -- it is what a request gets, not a fault
    """A request that cannot be done, and why."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """Answer with JSON."""
    return Reply(json.dumps(value).encode(), JSON, status)


def page(content: str, kind: str = "text/html") -> Reply:
    """Answer with text."""
    return Reply(content.encode(), f"{kind}; charset=utf-8")


Answer = Reply | Stream
Route = tuple[str, str, "Callable[..., Answer]"]
"""Method, path as a regular expression, and what answers: it gets the request and what the groups matched."""


class LocalServer:
    """Answers on a port of 127.0.0.1, each connection on a thread of its own; a context manager.

    The port is taken at once, before there is anything to answer. `report` gets each fault of ours. Raises
    PortInUseError.
    """

    def __init__(self, port: int, report: Callable[[Exception], None], routes: Sequence[Route] = ()) -> None:
        self.routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = []
        self.add(routes)
        self.report = report
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError as error:
            raise PortInUseError(port, error.strerror or str(error)) from error
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        self.address = f"http://{HOST}:{self.port}/"
        self.hosts = frozenset(f"{name}:{self.port}" for name in NAMES)
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="pages", daemon=True)

    def add(self, routes: Sequence[Route]) -> None:
        """Answer these as well; before the server is entered."""
        self.routes += [(method, re.compile(path), answer) for method, path, answer in routes]

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=STOPPING_SECONDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it; streams end by themselves as soon as they have something to say."""
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self.close()

    def close(self) -> None:
        """Release the port of a server that was never entered."""
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: LocalServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of a request is not a fault; anything else is ours."""
        del request, client_address
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, (ConnectionError, TimeoutError)):
            self.owner.report(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        self.close_connection = True  # no thread waits for a next request
        try:
            self._check_sender()
            answer = self._answer()
        except Refusal as refusal:
            answer = as_json({"error": refusal.sentence}, refusal.status)
        except DialtoneError as error:
            answer = as_json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except Exception as error:  # noqa: BLE001 -- the person at the page sees it, and the one who runs this
            self.server.owner.report(error)
            answer = as_json({"error": f"a fault of Dialtone itself ({error!r})"}, HTTPStatus.INTERNAL_SERVER_ERROR)
        with suppress(ConnectionError, TimeoutError):  # who asked has gone away
            if isinstance(answer, Reply):
                self._send(answer)
            else:
                self._stream(answer)

    def _check_sender(self) -> None:
        """Raises Refusal for what a page of another site may have sent."""
        own = self.server.owner.hosts
        if self.headers.get("host", "").lower() not in own:
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, f"this is {self.server.owner.address}: use that address")
        site = self.headers.get("sec-fetch-site", "none")
        if ("origin" in self.headers and not self._is_from_page()) or site not in OWN_SITES:
            raise Refusal(HTTPStatus.FORBIDDEN, "pages of other sites may not request this")

    def _is_from_page(self) -> bool:
        return self.headers.get("origin", "").lower() in {f"http://{host}" for host in self.server.owner.hosts}

    def _answer(self) -> Answer:
        url = urlsplit(self.path)
        found = [
            (method, answer, match)
            for method, path, answer in self.server.owner.routes
            if (match := path.fullmatch(url.path))
        ]
        if not found:
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {url.path}")
        for method, answer, match in found:
            if method == self.command:
                asked = Asked(
                    dict(parse_qsl(url.query, keep_blank_values=True)),
                    self._body(),
                    self._last_event(),
                    url.path,
                    url.query,
                    self.headers.get("if-none-match", ""),
                    self.headers.get("idempotency-key", ""),
                    self._is_from_page(),
                )
                return answer(asked, *map(unquote, match.groups()))
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{url.path} does not accept {self.command}")

    def _last_event(self) -> int:
        seen = self.headers.get("last-event-id", "")
        return int(seen) if seen.isascii() and seen.isdecimal() else 0

    def _body(self) -> dict[str, Any]:
        if self.command == "GET":
            return {}
        # A form of another site can send texts, but no JSON without asking first, which is refused.
        if self.headers.get_content_type() != JSON:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {JSON}")
        announced = self.headers.get("content-length", "")
        if not (announced.isascii() and announced.isdecimal()):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "send content-length")
        if int(announced) > LARGEST_BODY_BYTES:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"send at most {LARGEST_BODY_BYTES:,} bytes")
        try:
            body = json.loads(self.rfile.read(int(announced)))
        except (ValueError, RecursionError):
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
        if not isinstance(body, dict):
            raise Refusal(HTTPStatus.BAD_REQUEST, "send a JSON object")
        return body

    def _begin(self, status: HTTPStatus, kind: str, headers: Mapping[str, str] = HEADERS) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)

    def _send(self, reply: Reply) -> None:
        self._begin(reply.status, reply.kind, {**HEADERS, **reply.headers})
        self.send_header("Content-Length", str(len(reply.content)))
        self.end_headers()
        self.wfile.write(reply.content)

    def _stream(self, stream: Stream) -> None:
        self._begin(HTTPStatus.OK, EVENTS)
        self.end_headers()
        events = stream.events
        try:
            for event in events:
                if self.server.owner.stopped.is_set():
                    return
                self.wfile.write(
                    b": \n\n" if event is None else f"id: {event[0]}\ndata: {json.dumps(event[1])}\n\n".encode()
                )
        finally:
            if close := getattr(events, "close", None):
                close()  # a generator learns that the reader is gone

    do_GET = do_POST = _serve  # noqa: N815 -- http.server's own names

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: what matters is reported where it happens."""
