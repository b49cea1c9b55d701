"""The console on AWS: which requests are for its pages, and which for the API.

Its HTTP API has routes of two kinds. What API Gateway says of the route decides, not the path that was sent: only a
route with the authorizer leads to the API, and any other to files that hold nothing of a line. Pure.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from control.pages import SETTINGS, file_for, headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILES = frozenset({"GET /", "GET /{proxy+}"})
API = frozenset({"GET /api/{proxy+}", "POST /api/{proxy+}"})
"""Route keys of infra/console.yaml."""

PREFIX = "/api"

DELETION = re.compile(r"(/recordings/[^/]+)/delete")
"""How a page has a recording deleted: pages read by GET, and do everything else by POST."""


def is_for_files(event: Mapping[str, Any]) -> bool:
    """Whether a request came by a route that is open to anybody."""
    return event.get("routeKey") in FILES


def for_api(event: Mapping[str, Any]) -> dict[str, Any]:
    """A request as the API knows it: of the console's, without the beginning of its path."""
    if event.get("routeKey") not in API:
        return dict(event)
    context = event["requestContext"]
    method, path = as_asked(context["http"]["method"], str(event["rawPath"]).removeprefix(PREFIX))
    http = {**context["http"], "method": method, "path": path}
    return {**event, "rawPath": path, "requestContext": {**context, "http": http}}


def as_asked(method: str, path: str) -> tuple[str, str]:
    """Method and path by which the API knows what a page asks for."""
    deletion = DELETION.fullmatch(path) if method == "POST" else None
    return ("DELETE", deletion[1]) if deletion else (method, path)


def file_answer(event: Mapping[str, Any], audio: Callable[[], str]) -> dict[str, Any]:
    """The answer to a request for a file. `audio` gives where links to audio lead."""
    path, stage = str(event["rawPath"]), event.get("stageVariables") or {}
    sign_in = str(stage.get("SignIn") or "")
    sent = headers(audio(), sign_in)
    if path == SETTINGS:
        settings = {"sign_in": sign_in or None, "client_id": stage.get("ClientId")}
        return _answer(200, json.dumps(settings), {**sent, "Content-Type": "application/json"})
    found = file_for(path)
    if found is None:
        return _answer(404, '{"error":{"code":"no_route","message":"There is no such page."}}', sent)
    if (event.get("headers") or {}).get("if-none-match") == found.tag:
        return _answer(304, "", {**sent, "ETag": found.tag})
    return _answer(200, found.content, {**sent, "Content-Type": found.kind, "ETag": found.tag})


def _answer(status: int, body: str, sent: Mapping[str, str]) -> dict[str, Any]:
    return {"statusCode": status, "headers": dict(sent), "body": body, "isBase64Encoded": False}
