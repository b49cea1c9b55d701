"""EventBridge's bus: takes events, at most ten and 256 KB at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

SOURCE = "dialtone"

ENTRIES_AT_ONCE = 10
BYTES_AT_ONCE = 256 * 1_024
"""EventBridge's limits of a request; the second holds for all of its entries together."""
ENTRY_BYTES = 512
"""Room for what stands beside an event's body in its entry: source, type, time and the bus's name."""

TRIES = 3
PAUSES_SECONDS = (0.1, 0.5)
"""Before another try of entries that a request left. What is left then comes again with the stream."""

FOR_GOOD = frozenset({"InvalidArgument", "InvalidEventPatternException", "MalformedDetail", "ValidationException"})
"""EventBridge's codes for an entry that it will never take. Any other may pass: throttled, an internal failure, a
permission that is missing until somebody grants it."""


class Refused(NamedTuple):
    """Why an entry was not taken."""

    code: str

    @property
    def for_good(self) -> bool:
        """Whether it would be refused again, however often it came."""
        return self.code in FOR_GOOD


class PutsEvents(Protocol):
    """What of boto3's client is needed."""

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:  # noqa: N803 -- boto's own name
        """What was taken, and what not."""
        ...


class EventBus:
    """A bus, as far as events are put on it."""

    def __init__(self, client: PutsEvents, name: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._pause = pause

    def put(self, events: Sequence[tuple[str, str]]) -> list[Refused | None]:
        """Put events, each a type and its JSON, in their order; of each, None or why it was not taken.

        Raises botocore's errors where a request as a whole fails: what was put before that is put again then.
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
        if len(entries) != len(events):  # an answer that says nothing of an event says nothing good of it
            return [Refused("NoAnswer")] * len(events)
        return [Refused(each["ErrorCode"]) if each.get("ErrorCode") else None for each in entries]


def groups(events: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """The events in as many requests as EventBridge's limits ask for."""
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
