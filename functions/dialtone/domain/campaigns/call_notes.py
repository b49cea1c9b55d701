"""The webhook function's notes of a campaign's call, stored beside the recipient's item. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.campaigns.outcomes_and_redials import outcome_of_call

if TYPE_CHECKING:
    from dialtone.domain.calls import Call


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
