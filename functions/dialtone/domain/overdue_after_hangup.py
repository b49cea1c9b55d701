"""Continues a call whose flow has steps after the hang-up and hears nothing of the one it waits for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.after_hangup import RUNNING
from dialtone.domain.client_state import ClientState
from dialtone.domain.events import OURS, Event
from dialtone.domain.own_events import OWN_EVENT, event_to_json
from dialtone.domain.watchdog_schedule import overdue_event

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dialtone.domain.calls import Call

OVERDUE_SECONDS, BEGIN_AGAIN_SECONDS = 60, 600
"""How long after its time an overdue step after the hang-up is left to a sweep, and until when the step is repeated."""


class DecidedEvent(Protocol):
    """An event as the timeline stores it."""

    @property
    def event_id(self) -> str:
        """Telnyx's id of it, or ours."""
        ...

    @property
    def event_type(self) -> str:
        """Its type."""
        ...

    @property
    def occurred_at(self) -> str:
        """When it occurred."""
        ...

    @property
    def payload(self) -> Mapping[str, Any]:
        """What it reported."""
        ...

    @property
    def turn(self) -> int:
        """The call's step sequence number after it."""
        ...


def begun_again(leg: Call, timeline: Iterable[DecidedEvent]) -> dict[str, Any] | None:
    """The payload that has the webhook function ask again what a step after the hang-up waits for; None if nothing.

    It repeats the event that led to that step, with the same id, so the repeated request has the id of the first.
    """
    if leg.after_hangup != RUNNING:
        return None
    ours = (each for each in timeline if each.turn == leg.turn and each.event_type.startswith(OURS))
    entry = next(ours, None)
    if entry is None:
        return None
    state = ClientState(turn=entry.turn)
    return {OWN_EVENT: event_to_json(Event(entry.event_id, entry.event_type, entry.occurred_at, entry.payload, state))}


def continued(leg: Call, timeline: Iterable[DecidedEvent], now: float) -> dict[str, Any] | None:
    """The payload with which a sweep continues a call that is overdue after its hang-up; None if it is not."""
    watch = leg.watch
    if watch is None or now < watch.until + OVERDUE_SECONDS:
        return None
    again = begun_again(leg, timeline) if now < watch.until + BEGIN_AGAIN_SECONDS else None
    return again or {OWN_EVENT: event_to_json(overdue_event(leg, watch))}
