"""What a call's flow still does once the call has ended: whether it awaits that, is at it, or has done it.

The flow goes on some seconds after the hang-up and not with it: webhooks of what happened before may still be on their
way, with the caller's last answer.
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
    """Whether there is something left to do."""
    return state in {AWAITED, RUNNING}
