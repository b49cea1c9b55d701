"""Dialtone's own events, as other functions send them to the webhook function. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from dialtone.domain.after_hangup import RUNNING
from dialtone.domain.client_state import ALL_PLACES, ClientState
from dialtone.domain.control_actions import ACTION, is_action
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.events import OURS, TEXT_ACCEPTED, Event
from dialtone.domain.lookups import ANSWERED, SLOW, is_answer
from dialtone.domain.watch import OVERDUE
from dialtone.domain.watchdog_schedule import is_overdue_payload, overdue_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dialtone.domain.calls import Call

OWN_EVENT = "dialtone_event"
"""The key by which the webhook function receives one of our own events; API Gateway's requests have a `body`."""

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


_IS_PAYLOAD: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    ACTION: is_action,
    TEXT_ACCEPTED: lambda payload: isinstance(payload.get("message_id"), str),
    ANSWERED: is_answer,
    OVERDUE: is_overdue_payload,
    SLOW: lambda _: True,
}


def event_to_json(event: Event) -> dict[str, Any]:
    """The event as a JSON object."""
    return {
        "id": event.id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "payload": dict(event.payload),
        "turn": event.client_state.turn,
        "decision": event.client_state.decision,
    }


def event_from_json(payload: Mapping[str, Any]) -> Event:
    """The event that `event_to_json` gave. Raises MalformedEvent for anything else."""
    match payload:
        case {
            "id": str(event_id),
            "type": str(event_type),
            "occurred_at": str(occurred_at),
            "turn": int(turn),
            "payload": {"call_session_id": str()} as payload,
        } if event_type in _IS_PAYLOAD and _IS_PAYLOAD[event_type](payload):
            decision = payload.get("decision", 0)
            number = decision if isinstance(decision, int) else 0
            state = ClientState(turn=turn, decision=number, place=ALL_PLACES if number else 0)
            return Event(event_id, event_type, occurred_at, dict(payload), state)
        case _:
            raise MalformedEvent(OWN_EVENT, "is not one of our own events")


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


def after_hangup(leg: Call, timeline: Iterable[DecidedEvent], now: float) -> dict[str, Any] | None:
    """The payload with which a sweep continues a call that is overdue after its hang-up; None if it is not."""
    watch = leg.watch
    if watch is None or now < watch.until + OVERDUE_SECONDS:
        return None
    again = begun_again(leg, timeline) if now < watch.until + BEGIN_AGAIN_SECONDS else None
    return again or {OWN_EVENT: event_to_json(overdue_event(leg, watch))}


def led_by(call: Call, event: Event) -> Call:
    """The call with the flow that the control API puts it into, if the event does so."""
    to = event.payload.get("to_flow") if event.type == ACTION else None
    return call._replace(flow=to, flow_version="") if isinstance(to, str) and to != call.flow else call
