"""A real HTTP server that keeps every request and answers by its script: for what Telnyx does when things go wrong."""

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers with; silent: with nothing until the test ends; cut: by closing the connection.

    drips: a byte now and then until the test ends, of a header or of the body.
    """

    status: int = 200
    body: bytes = b'{"data": {"result": "ok"}}'
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    silent: bool = False
    cut: bool = False
    drips: Literal["", "head", "body"] = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Tells connections apart: the client's port."""

    @property
    def json(self) -> object:
        """The body; None if there is none."""
        return json.loads(self.body) if self.body else None


class Later:
    """The clock by which clients keep connections, to be put at KEPT_BY: ahead by as much as is wanted."""

    def __init__(self) -> None:
        self.by = 0.0

    def monotonic(self) -> float:
        """Seconds, as time's own."""
        return time.monotonic() + self.by


KEPT_BY = "httpcore._sync.http11.time"


def error(status: int, code: str, *, title: str = "A title", detail: str = "A detail", **headers: str) -> Answer:
    """Give an error as Telnyx writes it."""
    body = json.dumps({"errors": [{"code": code, "title": title, "detail": detail}]}).encode()
    return Answer(status, body, {"content-type": "application/json"} | headers)


class _Server(ThreadingHTTPServer):
    """Waits for its threads at its end, and remembers its connections so that it need not wait for those kept alive."""

    daemon_threads = False

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 -- http.server's own types
        self._connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """Take no further request on any connection; answers that are being written are finished."""
        for connection in self._connections:
            with suppress(OSError):  # closed before
                connection.shutdown(socket.SHUT_RD)


class ScriptedTelnyx:
    """The server; its `answers` are used up in order, afterwards every request is accepted."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: deque[Answer] = deque()
        self.before_answering: Callable[[], object] = lambda: None
        """Called for each request: a barrier shows which of them come at once."""
        self.answering: Callable[[Request], Answer | None] = lambda _: None
        """Answers a request by what it is; None leaves it to the others."""
        self._ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """The base URL for the SDK."""
        return f"http://127.0.0.1:{self._server.server_port}/v2"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        telnyx = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: else each answer would wait 40 ms

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, body, self.client_address[1])
                telnyx.requests.append(request)
                telnyx.before_answering()
                self.give(telnyx.answering(request) or (telnyx.answers.popleft() if telnyx.answers else Answer()))

            def give(self, answer: Answer) -> None:
                if answer.silent:
                    telnyx._ended.wait()
                if answer.silent or answer.cut:
                    self.close_connection = True
                    return
                if answer.drips:
                    self.drip(answer)
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def drip(self, answer: Answer) -> None:
                self.close_connection = True
                head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n"
                self.wfile.write(head + (b"x-drip: " if answer.drips == "head" else b"\r\n"))
                with suppress(ConnectionError):
                    while not telnyx._ended.wait(0.05):
                        self.wfile.write(b" ")

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 -- the names that http.server asks for

            def log_message(self, *_: object) -> None:
                """Say nothing: pytest shows what matters."""

        return Handler
