"""Whether a version on trial does worse than the others, judged by the outcomes of their calls. Pure."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.outcomes import FLOW_FAILED, HUNG_UP, counted_outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.domain.calls import Call
    from dialtone.domain.live_version import Trial

LEAST_CALLS = 50
"""For each version, before a trial is judged."""

WORSE = 3.1
"""Standard errors between two shares of bad calls. Two equal versions differ that much once in a thousand looks."""

BAD = frozenset({FLOW_FAILED, HUNG_UP})
"""Outcomes of calls that went wrong: sent to the last resort, or given up half-way."""


class Tally(NamedTuple):
    """The calls of a version that have ended."""

    calls: int = 0
    bad: int = 0

    @property
    def share(self) -> float:
        """The share of calls that went wrong."""
        return self.bad / self.calls if self.calls else 0.0


def tallies(trial: Trial, calls: Iterable[Call]) -> tuple[Tally, Tally]:
    """The tallies of the version on trial and of the others, over calls that either could have taken."""
    counted: Counter[tuple[bool, bool]] = Counter()
    for call in calls:
        comparable = not trial.numbers or call.to_number in trial.numbers
        if call.ended_at and call.flow and comparable:
            counted[call.published == trial.version, counted_outcome(call) in BAD] += 1
    tried, others = (
        Tally(counted[is_tried, True] + counted[is_tried, False], counted[is_tried, True]) for is_tried in (True, False)
    )
    return tried, others


def is_worse(tried: Tally, others: Tally) -> bool:
    """Whether significantly more calls went wrong than chance explains: a two-proportion test."""
    if min(tried.calls, others.calls) < LEAST_CALLS:
        return False
    together = (tried.bad + others.bad) / (tried.calls + others.calls)
    error = sqrt(together * (1 - together) * (1 / tried.calls + 1 / others.calls))
    return error > 0 and (tried.share - others.share) / error > WORSE
