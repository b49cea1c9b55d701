"""Why a delivery failed this time, and how long its message waits before the next try."""

from __future__ import annotations

from dialtone.domain.errors import DialtoneError

RETRY_SECONDS = (30, 60, 120, 300, 600, 900, 1_800, 3_600, 3_600)
"""After the first, second, … try: three hours in all, then the dead-letter queue."""


class NotDelivered(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it was not delivered
    """A try that failed. What the receiver knows of it is `may_have_it`."""

    def __init__(self, reason: str, *, may_have_it: bool = False) -> None:
        super().__init__(reason)
        self.may_have_it = may_have_it


def wait_seconds(receives: int) -> int:
    """How long a message waits that failed at its `receives`th try."""
    return RETRY_SECONDS[min(receives, len(RETRY_SECONDS)) - 1]
