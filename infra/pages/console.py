"""The console on this machine: its files, and the control API behind them, to which this server signs the requests.

The page knows no credentials: it asks this server, which signs requests with the credentials of its shell.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from control.console import as_asked
from control.console_files import SETTINGS, file_for, headers
from dialtone.client import Client
from dialtone.domain.errors import DialtoneError
from infra.flowkit.drawing.file_graph import graph_in
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.pages.server import JSON, Asked, Refusal, Reply, Route, as_json

API = "/api"
PASSED_ON = ("retry-after",)
"""Headers of the API's answers that the page is to see."""


@dataclass(frozen=True, slots=True)
class ConsoleSite:
    """The console for one line."""

    client: Client
    audio: str
    """The origin of links to audio, for the content security policy."""

    def routes(self) -> list[Route]:
        """What is asked how, and what answers."""
        return [
            ("GET", f"{API}/flows/([^/]+)", self._flow),
            ("GET", f"{API}/.*", lambda asked: self._passed_on("GET", asked)),
            ("POST", f"{API}/.*", self._act),
            ("GET", SETTINGS, lambda _asked: as_json({"sign_in": None})),
            ("GET", "(/.*)", self._file),
        ]

    def _file(self, asked: Asked, path: str) -> Reply:
        found = file_for(path)
        if found is None:
            return as_json({"error": {"code": "no_route", "message": f"there is no {path}"}}, HTTPStatus.NOT_FOUND)
        sent = {**headers(self.audio), "ETag": found.tag}
        if asked.tag == found.tag:
            return Reply(b"", found.kind, HTTPStatus.NOT_MODIFIED, sent)
        return Reply(found.content.encode(), found.kind, HTTPStatus.OK, sent)

    def _flow(self, asked: Asked, name: str) -> Reply:
        """A flow with its picture, which is drawn here of the files that the API gives."""
        reply = self._passed_on("GET", asked)
        if reply.status != HTTPStatus.OK:
            return reply
        flow = json.loads(reply.content)
        return as_json({**flow, "picture": drawn(name, flow["texts"])})

    def _act(self, asked: Asked) -> Reply:
        """Act on the line for one of these pages: other sites' cannot send such a request, nor name its key."""
        if not asked.from_page:
            said = "only the console's own pages act by this address: programs have the control API"
            raise Refusal(HTTPStatus.FORBIDDEN, said)
        if not asked.key:
            raise Refusal(HTTPStatus.BAD_REQUEST, "send Idempotency-Key, so that a repeated request acts only once")
        return self._passed_on("POST", asked, {"Content-Type": JSON, "Idempotency-Key": asked.key})

    def _passed_on(self, method: str, asked: Asked, sent: Mapping[str, str] | None = None) -> Reply:
        method, path = as_asked(method, asked.path.removeprefix(API))
        body = json.dumps(asked.body).encode() if method == "POST" else b""
        try:
            answer = self.client.send(method, path, asked.raw_query, body, sent)
        except httpx.TransportError as error:
            said = f"the line's API does not answer ({type(error).__name__}): is it up, and is there a network?"
            return as_json({"error": {"code": "no_answer", "message": said}}, HTTPStatus.BAD_GATEWAY)
        passed = {name.title(): answer.headers[name] for name in PASSED_ON if name in answer.headers}
        return Reply(answer.content, answer.headers.get("content-type", JSON), HTTPStatus(answer.status_code), passed)


def drawn(flow: str, texts: Mapping[str, str] | None) -> str | None:
    """The flow's picture; None if its files are not known, or this version cannot read them."""
    if texts is None:
        return None
    with TemporaryDirectory() as folder:
        for name, text in texts.items():
            file = Path(folder, name)
            if not file.resolve().is_relative_to(Path(folder).resolve()):
                return None
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        try:
            return svg_of(picture_of(graph_in(Path(folder, f"{flow}.yaml"))), on_page=True)
        except DialtoneError:
            return None


def origin(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
