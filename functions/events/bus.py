"""Puts events on an EventBridge bus, at most ten and 256 KB per request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

SOURCE = "dialtone"

ENTRIES_AT_ONCE = 10
BYTES_AT_ONCE = 256 * 1_024
"""EventBridge's limits per request; the second is for all entries together."""
ENTRY_BYTES = 512
"""Allowance for an entry's other fields: source, type, time and the bus's name."""

TRIES = 3
PAUSES_SECONDS = (0.1, 0.5)
"""Delays before failed entries are retried. After that the stream retries."""

FOR_GOOD = frozenset({"InvalidArgument", "InvalidEventPatternException", "MalformedDetail", "ValidationException"})
"""EventBridge's codes for an entry that it will never accept. Others may pass: throttling, an internal failure, a
missing permission."""


class Refused(NamedTuple):
    """Why an entry was not accepted."""

    code: str

    @property
    def for_good(self) -> bool:
        """Whether it would always be refused."""
        return self.code in FOR_GOOD


class PutsEvents(Protocol):
    """The part of boto3's client that is used."""

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:  # noqa: N803 -- boto's own name
        """Put entries; the response reports each entry's result."""
        ...


class EventBus:
    """An event bus."""

    def __init__(self, client: PutsEvents, name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def put(self, events: Sequence[tuple[str, str]]) -> list[Refused | None]:
        """Put events, each a type and its JSON, in order; return for each None or why it was not accepted.

        Raises botocore's errors if a whole request fails; earlier events are then put again.
        """
        results: list[Refused | None] = []
        for some in groups(events):
            results += self._put(some)
        return results

    def _put(self, events: Sequence[tuple[str, str]]) -> list[Refused | None]:
        results = self._tried(events)
        for seconds in PAUSES_SECONDS[: TRIES - 1]:
            left = [place for place, fault in enumerate(results) if fault and not fault.for_good]
            if not left:
                break
            self._pause(seconds)
            for place, fault in zip(left, self._tried([events[place] for place in left]), strict=True):
                results[place] = fault
        return results

    def _tried(self, events: Sequence[tuple[str, str]]) -> list[Refused | None]:
        answer = self._client.put_events(
            Entries=[
                {"Source": SOURCE, "DetailType": kind, "Detail": body, "EventBusName": self._name}
                for kind, body in events
            ]
        )
        entries = answer["Entries"]
        if len(entries) != len(events):  # an event without a result counts as failed
            return [Refused("NoAnswer")] * len(events)
        return [Refused(each["ErrorCode"]) if each.get("ErrorCode") else None for each in entries]


def groups(events: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The events, grouped into requests within EventBridge's limits."""
    group: list[tuple[str, str]] = []
    taken = 0
    for kind, body in events:
        size = len(body.encode()) + ENTRY_BYTES
        if group and (len(group) == ENTRIES_AT_ONCE or taken + size > BYTES_AT_ONCE):
            yield group
            group, taken = [], 0
        group.append((kind, body))
        taken += size
    if group:
        yield group
