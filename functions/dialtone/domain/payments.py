"""Payments that Telnyx takes by phone: which parts of its events are stored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_PAYMENTS = "call.payment."
"""The prefix of the types of Telnyx's payment events."""

COMPLETED = "call.payment.completed"

SUCCESS, CANCELLED = "success", "cancelled"
TOO_MANY_TRIES, DECLINED = "too-many-failed-attempts", "payment-connector-error"
INTERNAL_ERROR = "internal-error"
"""Telnyx's results of a payment."""

RESULTS = (SUCCESS, CANCELLED, TOO_MANY_TRIES, DECLINED, INTERNAL_ERROR)
OTHER_RESULT = "other"

NOT_TRIED = (CANCELLED, TOO_MANY_TRIES)
"""Results of payments that never reached the processor: the caller hung up, or made too many mistakes."""

VARIABLES = {
    "pay.result": "result",
    "pay.charge_id": "charge_id",
    "pay.confirmation": "payment_confirmation_code",
    "pay.token": "token_id",
    "pay.card_type": "payment_card_type",
    "pay.last_four": "last_four",
    "pay.error": "pay_error_code",
}
"""The variables that a payment sets → the event's field."""

_KEPT = frozenset(
    {
        *("call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state", "from", "to"),
        *("attempt", "error_type", "payment_step", "payment_status", "payment_method", "payment_card_type"),
        *("result", "charge_id", "token_id", "payment_confirmation_code", "pay_error_code", "payment_error"),
        "payment_connector",
        "read_back_by",
    }
)

_LAST = 4


def report(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of such an event to store: no card number, though Telnyx masks it, no code, date or account."""
    kept = {name: value for name, value in payload.items() if name in _KEPT}
    card = payload.get("payment_card_number")
    ending = card[-_LAST:] if isinstance(card, str) else ""
    return {**kept, "last_four": ending} if ending.isdecimal() and len(ending) == _LAST else kept


def counted_result(payload: Mapping[str, Any]) -> str:
    """The metric's value for a completed payment's result: one of a few, since each value costs."""
    result = payload.get("result")
    return result if result in RESULTS else OTHER_RESULT


def outcome(payload: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a completed payment sets; '' for what Telnyx does not report."""
    said = {name: payload.get(field) for name, field in VARIABLES.items()}
    return {name: value if isinstance(value, str) else "" for name, value in said.items()}
