"""The console on AWS: separates requests for its pages from requests for the API.

Its HTTP API has two kinds of routes. The route key reported by API Gateway decides, not the request's path: only routes
with the authorizer reach the API; all others get static files without data. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from control.console_files import SETTINGS, file_for, headers

FILES = frozenset({"GET /", "GET /{proxy+}"})
API = frozenset({"GET /api/{proxy+}", "POST /api/{proxy+}"})
"""Route keys of infra/console.yaml."""

PREFIX = "/api"

DELETION = re.compile(r"(/recordings/[^/]+)/delete")
"""The console's pages delete a recording with this path: they send only GET and POST."""


def is_for_files(event: Mapping[str, Any]) -> bool:
    """Whether the request came by a public route."""
    return event.get("routeKey") in FILES


def for_api(event: Mapping[str, Any]) -> dict[str, Any]:
    """The request as the API's routes expect it: without the console's path prefix."""
    if event.get("routeKey") not in API:
        return dict(event)
    context = event["requestContext"]
    method, path = as_asked(context["http"]["method"], str(event["rawPath"]).removeprefix(PREFIX))
    http = {**context["http"], "method": method, "path": path}
    return {**event, "rawPath": path, "requestContext": {**context, "http": http}}


def as_asked(method: str, path: str) -> tuple[str, str]:
    """The API's method and path for a page's request."""
    deletion = DELETION.fullmatch(path) if method == "POST" else None
    return ("DELETE", deletion[1]) if deletion else (method, path)


def file_answer(event: Mapping[str, Any], audio: Callable[[], str]) -> dict[str, Any]:
    """The response to a request for a file. `audio` returns the origin of links to audio."""
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
