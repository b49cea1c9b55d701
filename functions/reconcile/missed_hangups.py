"""The hang-up of a leg that has ended without a reported hang-up. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.events import READ_BACK
from dialtone.domain.outcomes import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call

HANG_UP = "call.hangup"


def hangup_event(leg: Call, ended: float) -> dict[str, Any]:
    """A `call.hangup` with what is known: that the leg has ended and when, not why."""
    payload = {
        "call_control_id": leg.control_id,
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
        "connection_id": leg.connection_id,
        "hangup_cause": UNKNOWN,
        "hangup_source": UNKNOWN,
        READ_BACK: "dialtone",
    }
    return _document(str(uuid.uuid5(COMMAND_NAMESPACE, f"legs/{leg.leg_id}/hangup")), _written(ended), payload)


def is_of(leg: Call, event: Mapping[str, object]) -> bool:
    """Whether an event that Telnyx lists is of this leg, not of a callee's."""
    payload = event.get("payload")
    return isinstance(payload, dict) and payload.get("call_leg_id") == leg.leg_id


def ending_again(leg: Call) -> dict[str, Any] | None:
    """The event that ended the leg, if its callees may not have been hung up on; otherwise None.

    The webhook function recognises it by its id and sends its hang-ups again.
    """
    left = leg.unconfirmed
    if left is None or left.origin or not leg.hangup_unbridged():
        return None
    payload = {
        "call_control_id": leg.control_id,
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
        READ_BACK: "dialtone",
    }
    return _document(left.event_id, left.occurred_at, payload)


def _document(event_id: str, occurred_at: str, payload: dict[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in payload.items() if value}
    return {"data": {"event_type": HANG_UP, "id": event_id, "occurred_at": occurred_at, "payload": kept}}


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
