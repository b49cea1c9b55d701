"""Whether a call's flow still has steps to take after the hang-up: they are due, under way, or done.

The flow goes on some seconds after the hang-up, not at once: webhooks of earlier events, such as the caller's last
answer, may still be on their way.
"""

from __future__ import annotations

AWAITED, RUNNING, OVER = "awaited", "running", "over"
"""The hang-up was reported and steps follow; these steps are under way; the last of them is over."""

SETTLING_SECONDS = 5
"""From the hang-up to the first of these steps. Webhooks overtake one another by seconds, a retried one by more."""

ANSWER_SECONDS = 30
"""After a lookup's own limit, how long its answer is still waited for: no caller waits, and the lookup function tries
to deliver it for that long."""


TEXT_SECONDS = 30
"""After this time a text whose result is unknown is requested again, under the same key."""


def goes_on(state: str) -> bool:
    """Whether there are steps left to take."""
    return state in {AWAITED, RUNNING}
