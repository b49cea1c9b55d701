"""Parked events, run again through the webhook function once their calls are over."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.domain.call_status import ENDED
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.events import READ_BACK, REPLAY, TELNYX_EVENT, Event, parse_event
from dialtone.domain.parked_event import ParkedEvent
from reconcile.missed_hangups import HANG_UP
from reconcile.overdue import LONGEST_CALL_SECONDS
from webhook.event_types import UNDERSTOOD

CALLS_AT_ONCE = 4
"""Of the webhook function's concurrency, which callers on the line need more."""

MAY_GO_ON = (
    "its call may still be open: replay it after the call, or the whole session at once if the hang-up is parked, too"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a parked event."""

    event: ParkedEvent
    taken: bool
    """Whether it was processed, and is parked no more."""
    said: str


@dataclass(frozen=True, slots=True)
class Replays:
    """Replays parked events. Methods raise botocore's errors; events that may not have been processed stay parked."""

    parked: ParkedEvents
    store: CallsTable
    deliver: Callable[[Mapping[str, Any]], str]
    """Delivers an event to the webhook function. Returns why it was not accepted, '' if it was."""
    now_seconds: Callable[[], float]

    def find(self, wanted: str = "") -> tuple[ParkedEvent, ...]:
        """Parked events in order: all, one by its id, or those of a call session."""
        names = [name for name in self.parked.names() if wanted in {"", name, *name.split("/")}]
        with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
            found = [each for each in threads.map(self.parked.get, names) if each]
        return tuple(sorted(found, key=lambda each: (each.parked_at, each.occurred_at)))

    def run(self, events: Iterable[ParkedEvent]) -> Iterator[Replayed]:
        """Replay events, call by call; yields the result of each call's events when they are done."""
        calls: dict[str, list[ParkedEvent]] = {}
        for event in events:
            calls.setdefault(event.call_session_id or event.name, []).append(event)
        with ThreadPoolExecutor(CALLS_AT_ONCE) as threads:
            for replayed in threads.map(self._run_call, calls.values()):
                yield from replayed

    def _run_call(self, events: list[ParkedEvent]) -> list[Replayed]:
        """The hang-ups first: with them the call is over, which what happened before waits for."""
        ordered = sorted(events, key=lambda each: (each.event_type != HANG_UP, each.occurred_at))
        results = {each.name: self._run(each) for each in ordered}
        if any(result.taken for result in results.values()):
            results |= {name: self._run(result.event) for name, result in results.items() if result.said == MAY_GO_ON}
        return list(results.values())

    def _run(self, parked: ParkedEvent) -> Replayed:
        try:
            event = parse_event(parked.body.encode(), UNDERSTOOD, self.now_seconds())
            if event.type in UNDERSTOOD and event.call_leg_id and not self._is_over(event):
                return Replayed(parked, taken=False, said=MAY_GO_ON)
            before = self.store.load(event).decided is not None
        except MalformedEvent as error:
            return Replayed(parked, taken=False, said=f"this version cannot read the event: {error}")
        except (BotoCoreError, ClientError):
            raise
        except Exception as error:  # noqa: BLE001 -- what is wrong with one must not keep the others from being run
            return Replayed(parked, taken=False, said=f"cannot be read: {type(error).__name__}: {error}")
        if why := self.deliver({TELNYX_EVENT: _marked(parked)}):
            return Replayed(parked, taken=False, said=f"failed again: {why}")
        self.parked.remove(parked)
        said = "had been processed: a later delivery succeeded" if before else "processed"
        return Replayed(parked, taken=True, said=said)

    def _is_over(self, event: Event) -> bool:
        """Whether the call has ended; its own hang-up shows that."""
        if event.type == HANG_UP and not event.about_callee:
            return True
        if self.now_seconds() - datetime.fromisoformat(event.occurred_at).timestamp() > LONGEST_CALL_SECONDS:
            return True
        legs = self.store.legs(event.call_session_id)
        return any(leg.status == ENDED for leg in legs if leg.leg_id == event.owner_leg_id)


def _marked(parked: ParkedEvent) -> dict[str, Any]:
    """The webhook's body, with the mark that it is run again."""
    document: dict[str, Any] = json.loads(parked.body)
    data = document.get("data")
    if isinstance(data, dict) and isinstance(data.get("payload"), dict):
        data["payload"][READ_BACK] = REPLAY
    return document
