"""Telnyx behind the gate: the real client of its API over a transport in memory, and the storage of its recordings."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import telnyx

from archive.deadline import Deadline
from archive.download import Downloader
from dialtone.adapters.secrets import Secret
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.allowed_addresses import Target
from infra.carrier.wire import Request, Response
from tests.drills.gate import Failed, Fault, Gate, TimedOut

Answer = Callable[[Request], Response]

BASE_URL = "http://telnyx.invalid/v2"
PUBLIC_URL = "http://127.0.0.1"
"""Where recordings seem to lie: an address from which the archive may be asked to download."""

_PAGE = b"<html>It works!</html>"
_VARIES = re.compile(
    r"(?<=/calls/)[^/]+|(?<=/actions/)[^/]+|(?<=/recordings/)[^/]+|(?<=_transcriptions/)[^/]+"
    r"|(?<=/queues/)[^/]+|(?<=/conferences/)[^/]+|(?<=/conversations/)[^/]+"
)
_STATUSES = {Fault.THROTTLED: 429, Fault.CONFLICT: 409, Fault.SERVER_ERROR: 503}


def operation_of(method: str, path: str) -> str:
    """What io_points.py calls a request to Telnyx."""
    return f"{method} {_VARIES.sub('…', path.removeprefix('/v2'))}"


class Transport(httpx.BaseTransport):
    """Takes requests of the SDK to the carrier."""

    def __init__(self, gate: Gate, answer: Answer, spoilt: Callable[[bytes], bytes] = lambda body: body) -> None:
        """`spoilt` gives an answer's body as it comes."""
        self._gate = gate
        self._answer = answer
        self._spoilt = spoilt

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer, fail, or take too long."""
        path = request.url.raw_path.decode().partition("?")[0]
        query = dict(parse_qsl(request.url.query.decode()))
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, path, query, headers, request.content)
        timeout = float(request.extensions["timeout"]["read"])
        operation = operation_of(request.method, path)
        try:
            answer = self._gate.request("telnyx", operation, lambda: self._answer(asked), timeout)
        except TimedOut:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
        except Failed as failed:
            return _failed(failed.fault, request)
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status, headers=headers, content=self._spoilt(answer.content()), request=request)


def _failed(fault: Fault, request: httpx.Request) -> httpx.Response:
    if fault is Fault.GARBLED:
        return httpx.Response(200, content=_PAGE, request=request)
    if fault in _STATUSES:
        return httpx.Response(_STATUSES[fault], content=_PAGE, request=request)
    raise httpx.ReadError("connection reset by peer", request=request)


class GatedTelnyx(TelnyxApi):
    """The client of Telnyx's API, whose connections lead to the gate."""

    def __init__(self, api_key: Secret[str], transport: Transport, **timing: Any) -> None:  # noqa: ANN401 -- passed on
        super().__init__(api_key, BASE_URL, **timing)
        self._transport = transport

    def _made(self, key: str) -> telnyx.Telnyx:
        package = sdk.load()
        http = package.DefaultHttpxClient(transport=self._transport)
        made: telnyx.Telnyx = package.Telnyx(api_key=key, base_url=BASE_URL, http_client=http, max_retries=0)
        return made


class GatedDownloader(Downloader):
    """The archive's downloads, whose connections lead to the gate."""

    def __init__(self, gate: Gate, answer: Answer) -> None:
        super().__init__(local=True)
        self._gate = gate
        self._answer = answer

    def _connected(self, target: Target, deadline: Deadline) -> Any:  # noqa: ANN401 -- as much of a socket as is used
        del target
        return Connection(lambda path: self._served(path, deadline))

    def _served(self, path: str, deadline: Deadline) -> bytes:
        """The bytes that come over the connection. Raises OSError."""
        address = urlsplit(path)
        asked = Request("GET", address.path, dict(parse_qsl(address.query)), {}, b"")
        try:
            answer = self._gate.request("storage", "GET", lambda: whole(self._answer(asked)), deadline.left(20.0))
        except TimedOut:
            raise TimedOutConnection from None
        except Failed as failed:
            return self._spoilt(failed.fault, asked)
        return answer

    def _spoilt(self, fault: Fault, asked: Request) -> bytes:
        if fault in _STATUSES:
            return whole(Response(_STATUSES[fault], {"content-type": "text/html"}, _PAGE))
        if fault is Fault.GARBLED:
            return whole(Response(200, {"content-type": "text/html"}, _PAGE))
        if fault is Fault.RESET_AFTER:
            served = whole(self._answer(asked))
            return served[: len(served) // 2]
        raise ConnectionResetError


class TimedOutConnection(TimeoutError):  # noqa: N818 -- what a connection is then
    """Nothing came over a connection in time."""


class Connection:
    """As much of a socket as a download uses."""

    def __init__(self, serve: Callable[[str], bytes]) -> None:
        self._serve = serve
        self._left = memoryview(b"")

    def settimeout(self, seconds: float | None) -> None:
        """Nothing: what is there comes at once."""

    def sendall(self, request: bytes) -> None:
        """Take a request, and have its answer ready."""
        path = request.split(b" ", 2)[1].decode()
        self._left = memoryview(self._serve(path))

    def recv_into(self, buffer: memoryview) -> int:
        """Give what fits."""
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        """Nothing more comes."""
        self._left = memoryview(b"")


def whole(response: Response) -> bytes:
    """A response as it goes over a wire."""
    body = response.content()
    headers = {**response.headers, "content-length": str(len(body))}
    head = [f"HTTP/1.1 {response.status} Any", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + body
