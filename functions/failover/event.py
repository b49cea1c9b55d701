"""Parses a Telnyx webhook's body into what the failover needs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dialtone.domain.client_state import ClientState
from dialtone.domain.errors import MalformedEvent
from dialtone.domain.failover import UNTOUCHED, FailoverState

CONTROL_ID = re.compile(r"[^\s/?#]{1,255}")
"""It becomes a segment of a URL."""

NAME = re.compile(r"[a-z0-9_.]{1,80}", re.ASCII)
"""An event's type; it becomes part of a log line."""


NO_STATE = ClientState()


@dataclass(frozen=True, slots=True)
class FailoverEvent:
    """One event."""

    event_id: str
    event_type: str
    call_control_id: str
    """'' for an event that is not about a leg, such as a recording's."""
    occurred_seconds: float
    direction: str = ""
    """Only `call.initiated` has it."""
    status: str = ""
    failover: FailoverState = UNTOUCHED
    """The failover's state on the leg."""
    primary: ClientState = NO_STATE
    """The webhook function's state on the leg."""
    call_session_id: str = ""
    """The phone call's id, to follow the call through all functions' logs."""


def parse_event(body: bytes, now_seconds: float) -> FailoverEvent:
    """Parse a verified webhook's body. Raises MalformedEvent naming what is missing."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("body", f"not JSON: {type(error).__name__}") from None
    data = _object(_object(document, "body").get("data"), "data")
    event_type = _text(data, "event_type")
    if not NAME.fullmatch(event_type):
        raise MalformedEvent("data.event_type", "is missing or not a name")
    payload = data.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    control_id, state = _text(payload, "call_control_id"), _text(payload, "client_state")
    return FailoverEvent(
        event_id=_text(data, "id")[:80],
        event_type=event_type,
        call_control_id=control_id if CONTROL_ID.fullmatch(control_id) and control_id.isascii() else "",
        occurred_seconds=_seconds(_text(data, "occurred_at"), now_seconds),
        direction=_text(payload, "direction"),
        status=_text(payload, "status"),
        failover=FailoverState.decode(state),
        primary=ClientState.decode(state),
        call_session_id=_text(payload, "call_session_id")[:80],
    )


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedEvent(where, "is not an object")
    return value


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _seconds(written: str, otherwise: float) -> float:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
