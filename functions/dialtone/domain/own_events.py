"""Dialtone's own events, as other functions send them to the webhook function. Pure."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from dialtone.domain.client_state import ALL_PLACES, ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.events import CONTROL_ACTION, TEXT_ACCEPTED, Event
from dialtone.domain.lookups import ANSWERED, SLOW, is_answer
from dialtone.domain.watch import OVERDUE
from dialtone.domain.watchdog_schedule import is_overdue_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command

OWN_EVENT = "dialtone_event"
"""The key by which the webhook function receives one of our own events; API Gateway's requests have a `body`."""

TOO_LATE, NOT_KNOWN = "too_late", "not_known"
"""Why a repeated request for an action does not succeed once the call has moved on: Telnyx did not accept the command,
which is no longer sent; or it is not known whether it did."""


def _is_action(payload: Mapping[str, Any]) -> bool:
    """Whether this is the payload of a control action."""
    return isinstance(payload.get("action"), str) and isinstance(payload.get("parameters"), dict)


_IS_PAYLOAD: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    CONTROL_ACTION: _is_action,
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


def led_by(call: Call, event: Event) -> Call:
    """The call with the flow that the control API puts it into, if the event does so."""
    to = event.payload.get("to_flow") if event.type == CONTROL_ACTION else None
    return call._replace(flow=to, flow_version="") if isinstance(to, str) and to != call.flow else call


def asked_place(event_type: str, payload: Mapping[str, Any], commands: Sequence[Command]) -> int | None:
    """The place, in the decision, of the command that the control API requested; None if there is none."""
    if event_type != CONTROL_ACTION:
        return None
    return next((place for place, each in enumerate(commands) if each.action == payload.get("action")), None)


def refusal_id(event_id: str, place: int) -> str:
    """The id of the event that reports the refusal of the command at that place of an event's decision."""
    return str(uuid.uuid5(COMMAND_NAMESPACE, f"{event_id}/{place}/refused"))
