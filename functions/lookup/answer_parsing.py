"""Parses another system's response into an answer. Pure; every response gives an answer.

| response | answer |
|---|---|
| a JSON object | found: the wanted fields that are text, a number, true or false, as texts |
| nothing, `null`, `{}`; HTTP 204 or 404 | not found |
| a wanted field that is a list or an object, another shape, no JSON, more than 64 KB | failed |
| another HTTP status, an error of the function's | failed |
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dialtone.domain.lookups import FAILED, FOUND, NOT_FOUND, Answer
from dialtone.flow.templating import MAX_VALUE_CHARACTERS

if TYPE_CHECKING:
    from dialtone.domain.lookups import Lookup

MAX_ANSWER_BYTES = 65_536
"""An answer is some fields of a customer's record, not a document."""


def answer_of_http(lookup: Lookup, status: int, body: bytes) -> Answer:
    """The answer from an HTTP response."""
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.NO_CONTENT}:
        return Answer(NOT_FOUND)
    if status != HTTPStatus.OK:
        return Answer(FAILED, reason=f"answered HTTP {status}")
    return answer_of(lookup, body)


def answer_of(lookup: Lookup, body: bytes) -> Answer:
    """The answer from a JSON response."""
    if len(body) > MAX_ANSWER_BYTES:
        return Answer(FAILED, reason=f"answered more than {MAX_ANSWER_BYTES:,} bytes")
    try:
        said = json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return Answer(FAILED, reason="answered what is not JSON")
    if said is None or said == {}:
        return Answer(NOT_FOUND)
    if not isinstance(said, dict):
        return Answer(FAILED, reason="answered JSON that is not an object")
    odd = next((name for name in lookup.gives if isinstance(said.get(name), (list, dict))), None)
    if odd is not None:
        return Answer(FAILED, reason=f"answered with {odd} that is neither text nor a number")
    return Answer(FOUND, {name: _text(said.get(name)) for name in lookup.gives})


def _text(value: Any) -> str:  # noqa: ANN401 -- whatever JSON has, but lists and objects
    """A field as text, as flows use it: `true`, `12`, `12.5`; '' for null or a missing field."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()[:MAX_VALUE_CHARACTERS]
