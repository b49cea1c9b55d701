"""The webhook function's notes of a campaign's call, stored beside the recipient's item. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.campaigns.results import outcome_of_call

if TYPE_CHECKING:
    from dialtone.domain.calls import Call


MILLIONTHS = 1_000_000
MOST_COST = 10_000
"""For one call: a higher cost is not a plausible price."""


class CallNote(NamedTuple):
    """The note of a campaign's call."""

    leg_id: str
    session_id: str
    control_id: str
    outcome: str = ""
    """'' while the call goes on."""
    at: int = 0
    """When it ended, in unix seconds."""
    seconds: int = 0
    """How long it was answered."""


def note_of(call: Call) -> CallNote | None:
    """The current note of a call; None for a call that belongs to no campaign."""
    if not call.campaign:
        return None
    begun = CallNote(call.leg_id, call.session_id, call.control_id)
    if not call.ended_at:
        return begun
    ended = datetime.fromisoformat(call.ended_at)
    answered = ended - datetime.fromisoformat(call.answered_at) if call.answered_at else None
    seconds = max(0, round(answered.total_seconds())) if answered else 0
    return begun._replace(outcome=outcome_of_call(call), at=int(ended.timestamp()), seconds=seconds)


def cost_of(reported: str) -> int:
    """A price that Telnyx reported, in millionths of the account's currency; 0 if it is not a price."""
    try:
        cost = Decimal(reported)
    except InvalidOperation:
        return 0
    return int(cost * MILLIONTHS) if cost.is_finite() and 0 < cost <= MOST_COST else 0
