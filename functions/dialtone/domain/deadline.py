"""One deadline for everything that a webhook waits for.

A deadline is a reading of the monotonic clock. It is set when the webhook arrives and passed down to every request to
another system. A request for which no time is left is not sent; one in progress is cut short.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from dialtone.domain.errors import DialtoneError

HANDLING_SECONDS = 1.8
"""How long a webhook may wait for other systems, from its arrival: Telnyx waits 2 s for the answer, which also has to
travel. Our own computing comes on top."""

NO_DEADLINE = math.inf
"""For work that no caller waits for."""

SHORTEST_REQUEST_SECONDS = 0.02
"""DynamoDB answers in about 10 ms: with less time left, a request would be sent and its answer not awaited."""

_ends: ContextVar[float] = ContextVar("ends", default=NO_DEADLINE)
"""For the connections underneath, whose clients take no time-out per request."""


class DeadlinePassed(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the deadline has passed
    """No time was left for a request: it was not sent."""

    def __init__(self, request: str) -> None:
        super().__init__(f"no time is left for {request}: it was not begun")


@contextmanager
def request_until(deadline: float, request: str) -> Iterator[None]:
    """Let requests made inside end by the deadline. Raises DeadlinePassed, naming the request that was not sent."""
    ends = min(deadline, _ends.get())
    if ends - time.monotonic() < SHORTEST_REQUEST_SECONDS:
        raise DeadlinePassed(request)
    before = _ends.set(ends)
    try:
        yield
    finally:
        _ends.reset(before)


def seconds_left() -> float:
    """How long the current request may still take; infinite without a deadline."""
    return _ends.get() - time.monotonic()
