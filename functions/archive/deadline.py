"""The time that a job may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from archive.errors import NotArchived


@dataclass(frozen=True, slots=True)
class Deadline:
    """A reading of the clock that a job must not outlast, or it would take the time of those behind it."""

    at_seconds: float
    clock: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """Raises NotArchived when it has passed."""
        self.left()

    def left(self, most: float = float("inf")) -> float:
        """Seconds until it passes, `most` at the most. Raises NotArchived when it has passed."""
        left = self.at_seconds - self.clock()
        if left <= 0:
            raise NotArchived("not copied in time: Telnyx's storage or S3 is slow")
        return min(left, most)
