"""The guard: it pauses a campaign by itself when the share of failures jumps. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dialtone.domain.campaigns.results import FAILURES

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOKED_AT = 50
"""The last outcomes that the guard goes by: two seconds' worth of a fast campaign, and enough for a share."""
FEWEST = 20
"""Outcomes before which it does not judge."""
MOST_FAILURES = 0.4
"""The share from which on it pauses."""
LISTED = 20
"""Of the last failures that it lists."""


def failure_share(recent: Sequence[str], dialled: int) -> float | None:
    """The share of failures among the last outcomes, or the dials meanwhile where those are more.

    A number that does not exist is known within a second, a person listens for half a minute. So of the first calls
    that are over, more have failed than will have of all, whenever dials begin or grow. None while there are too few.
    """
    looked_at = recent[-LOOKED_AT:]
    if len(looked_at) < FEWEST:
        return None
    return sum(each in FAILURES for each in looked_at) / max(len(looked_at), dialled)


def pauses(recent: Sequence[str], dialled: int) -> str:
    """Why the campaign has to pause; '' if it need not."""
    share = failure_share(recent, dialled)
    if share is None or share < MOST_FAILURES:
        return ""
    looked_at = recent[-LOOKED_AT:]
    failed = Counter(each for each in looked_at if each in FAILURES)
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in failed.most_common())
    return f"{sum(failed.values())} of the last {len(looked_at)} calls failed: {kinds}"
