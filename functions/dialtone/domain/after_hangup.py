"""Whether a call's flow still has steps to take after the hang-up: they are due, under way, or done.

The flow goes on some seconds after the hang-up, not at once: webhooks of earlier events, such as the caller's last
answer, may still be on their way.
"""

from __future__ import annotations

AWAITED, RUNNING, OVER = "awaited", "running", "over"
"""The hang-up was reported, and steps after it follow; they are being taken; the last of them was left."""

SETTLING_SECONDS = 5
"""From the hang-up to the first of these steps: webhooks overtake one another by seconds, a retried one by more."""

ANSWER_SECONDS = 30
"""Beyond a lookup's own limit, until its answer that never came is no longer waited for: no caller is there, and the
lookup function delivers for so long."""


TEXT_SECONDS = 30
"""Until what Telnyx said of a text is asked for again, under the same key."""


def goes_on(state: str) -> bool:
    """Whether there are steps left to take."""
    return state in {AWAITED, RUNNING}
