"""HTTP as plain values, so that the carrier can be driven without a socket."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Loss(StrEnum):
    """How an answer gets lost on its way: the connection breaks, or nothing is ever heard."""

    RESET = "reset"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. Header names are lower-case; `path` is without the query; `query` keeps the last value."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response.

    `body` is bytes, or an iterable of chunks whose length is in the `content-length` header. A `lost` response
    never reaches who asked; the server breaks the connection instead, an in-process driver raises what it likes.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""
    lost: Loss | None = None

    def content(self) -> bytes:
        """Return the whole body; for tests and small answers."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """Return the body as JSON."""
        return json.loads(self.content())


class UndeliveredError(Exception):
    """A webhook got no answer: time-out or connection error; the message says which."""


#: Takes a webhook (its `path` is the whole URL) to the application within some seconds; gives the HTTP status of the
#: answer, or raises UndeliveredError.
Post = Callable[[Request, float], int]


def as_json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, as Telnyx's API does."""
    return Response(status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode())
