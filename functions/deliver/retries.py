"""The errors of deliveries, and the delay before the next attempt."""

from __future__ import annotations

from dialtone.domain.errors import DialtoneError

RETRY_SECONDS = (30, 60, 120, 300, 600, 900, 1_800, 3_600, 3_600)
"""Delays after the first, second, … attempt: three hours in all, then the dead-letter queue."""


class NotDelivered(DialtoneError):  # noqa: N818 -- reads as the sentence it is: it was not delivered
    """A failed attempt. `may_have_it`: the receiver may have got the message."""

    def __init__(self, reason: str, *, may_have_it: bool = False) -> None:
        super().__init__(reason)
        self.may_have_it = may_have_it


def wait_seconds(receives: int) -> int:
    """The delay of a message that failed at its `receives`th attempt."""
    return RETRY_SECONDS[min(receives, len(RETRY_SECONDS)) - 1]
