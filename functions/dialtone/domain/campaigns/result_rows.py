"""The rows of a campaign's table of results, for programs and spreadsheets. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialtone.domain.campaigns.attempt import SETTLED
from dialtone.domain.campaigns.costs import MILLIONTHS

if TYPE_CHECKING:
    from dialtone.domain.campaigns.attempt import Attempt


def row_of(attempt: Attempt, cost: int = 0) -> dict[str, object]:
    """A recipient's row, without the columns of the list; `cost` of the calls is in millionths.

    It contains outcomes and rules in the API's words.
    """
    ended = datetime.fromtimestamp(attempt.ended_at, UTC).isoformat() if attempt.ended_at else ""
    return {
        "row": attempt.row,
        "number": attempt.recipient.number,
        "outcome": attempt.outcome or ("" if attempt.state == SETTLED else attempt.state),
        "refused": attempt.refused,
        "rounds": attempt.round,
        "outcomes": list(attempt.outcomes),
        "answered_seconds": attempt.seconds,
        "cost": f"{cost / MILLIONTHS:.6f}".rstrip("0").rstrip(".") if cost else "",
        "ended_at": ended,
        "telnyx_code": attempt.code,
        "call_session_id": attempt.session_id,
    }
