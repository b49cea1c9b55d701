"""The guard: it pauses a campaign by itself when the share of failures jumps. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dialtone.domain.campaigns.outcomes_and_redials import FAILURES

LOOKED_AT = 50
"""The outcomes that the guard judges: two seconds of a fast campaign, and enough for a share."""
FEWEST = 20
"""With fewer outcomes it does not judge."""
MOST_FAILURES = 0.4
"""The share at which it pauses the campaign."""
LISTED = 20
"""How many of the last failures it lists."""


def failure_share(recent: Sequence[str], dialled: int) -> float | None:
    """The share of failures among the last outcomes, or among the dials meanwhile if those are more.

    A number that does not exist fails within a second, while a person listens for half a minute. So whenever dialling
    begins or speeds up, the first calls to end contain more failures than all calls will. None while there are too few.
    """
    looked_at = recent[-LOOKED_AT:]
    if len(looked_at) < FEWEST:
        return None
    return sum(each in FAILURES for each in looked_at) / max(len(looked_at), dialled)


def pauses(recent: Sequence[str], dialled: int) -> str:
    """Why the campaign must pause; '' if it need not."""
    share = failure_share(recent, dialled)
    if share is None or share < MOST_FAILURES:
        return ""
    looked_at = recent[-LOOKED_AT:]
    failed = Counter(each for each in looked_at if each in FAILURES)
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in failed.most_common())
    return f"{sum(failed.values())} of the last {len(looked_at)} calls failed: {kinds}"
