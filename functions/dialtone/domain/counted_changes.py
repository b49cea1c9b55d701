"""The changes to a call that are counted: it began, was answered, ended, cost something."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.outcomes import counted_outcome
from dialtone.domain.payments import COMPLETED, counted_result

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event

STARTED, ANSWERED, ENDED, COST, PAID = "started", "answered", "ended", "cost", "paid"

DIRECTIONS = ("incoming", "outgoing")


class CountedChange(NamedTuple):
    """One thing that happened to a call."""

    what: str
    """STARTED, ANSWERED, ENDED, COST, PAID, or a result of a step."""
    kind: str = ""
    """The direction of a call that started, the outcome of one that ended, a payment's result (one of a few)."""
    value: float = 1
    """For a cost, the amount."""


def counted_changes(before: Call, decision: Decision, event: Event) -> tuple[CountedChange, ...]:
    """What the event changed, comparing the call before and after it. A call starts, is answered and ends once each."""
    after, found = decision.call, [CountedChange(result) for result in decision.results]
    if after.direction in DIRECTIONS and not before.direction:
        found.append(CountedChange(STARTED, after.direction))
    if after.answered_at and not before.answered_at:
        found.append(CountedChange(ANSWERED))
    if after.ended_at and not before.ended_at:
        found.append(CountedChange(ENDED, counted_outcome(after)))
    if event.type == COMPLETED:
        found.append(CountedChange(PAID, counted_result(event.payload)))
    if cost := _cost(event):
        found.append(CountedChange(COST, value=cost))
    return tuple(found)


_AMOUNTS = {"call.cost": "total_cost", "message.finalized": "amount"}
"""The events that report a price, and its field."""


def _cost(event: Event) -> float:
    """What a call, or one of its texts, cost, in the account's currency; 0 if Telnyx's value is not an amount."""
    try:
        cost = float(event.text(_AMOUNTS[event.type])) if event.type in _AMOUNTS else 0
    except ValueError:
        return 0
    return cost if math.isfinite(cost) and cost > 0 else 0
