"""Lambda's context, as far as the functions need it."""

from __future__ import annotations

from typing import Protocol


class RemainingTime(Protocol):
    """The part of the context that says how long the invocation may still take."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda's time-out."""
        ...
