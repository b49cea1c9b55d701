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
MOST_AT_FIRST = 0.9
"""The share at first: a number that does not exist is known within a second, a person listens for half a minute. So of
the first calls that are over, many more have failed than will have of all."""
AT_FIRST_SECONDS = 60
"""Since the first dial, and since the first one after a time with no call."""
LISTED = 20
"""Of the last failures that it lists."""


def failure_share(recent: Sequence[str]) -> float | None:
    """The share of failures among the last outcomes; None while there are too few to say."""
    looked_at = recent[-LOOKED_AT:]
    if len(looked_at) < FEWEST:
        return None
    return sum(each in FAILURES for each in looked_at) / len(looked_at)


def pauses(recent: Sequence[str], since_first_seconds: float = AT_FIRST_SECONDS) -> str:
    """Why the campaign has to pause; '' if it need not."""
    share = failure_share(recent)
    most = MOST_FAILURES if since_first_seconds >= AT_FIRST_SECONDS else MOST_AT_FIRST
    if share is None or share < most:
        return ""
    looked_at = recent[-LOOKED_AT:]
    failed = Counter(each for each in looked_at if each in FAILURES)
    kinds = ", ".join(f"{count} {outcome}" for outcome, count in failed.most_common())
    return f"{sum(failed.values())} of the last {len(looked_at)} calls failed: {kinds}"
