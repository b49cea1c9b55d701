"""The costs of a campaign: what counts as a call's price, and what a report of Telnyx's adds to the sum. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialtone.domain.calls import Call

MILLIONTHS = 1_000_000
MOST_COST = 10_000
"""For one call: a higher cost is not a plausible price."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls of a campaign cost."""

    millionths: int = 0
    """Of the account's currency."""
    calls: int = 0
    """Of how many calls Telnyx has reported it."""

    @property
    def amount(self) -> float:
        """In the account's currency."""
        return self.millionths / MILLIONTHS


def call_cost(reported: str, known: int = 0) -> int:
    """What a call cost, in millionths: as Telnyx reports it, or as it is known if the report is not a price."""
    try:
        cost = Decimal(reported)
    except InvalidOperation:
        return known
    is_price = cost.is_finite() and 0 < cost <= MOST_COST
    return (int(cost * MILLIONTHS) if is_price else 0) or known


def added_cost(before: Call, after: Call) -> Spent:
    """What an event adds to its campaign's costs. A later report corrects an earlier one: its call counts once."""
    more = after.cost - before.cost
    return Spent(more, calls=int(bool(more) and not before.cost))
