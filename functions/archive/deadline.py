"""A job's deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from archive.retries import NotArchived


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock reading at which a job must end, to leave time for the jobs after it."""

    at_seconds: float
    clock: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """Raises NotArchived after the deadline."""
        self.left()

    def left(self, most: float = float("inf")) -> float:
        """Seconds until the deadline, at most `most`. Raises NotArchived after it."""
        left = self.at_seconds - self.clock()
        if left <= 0:
            raise NotArchived("not copied in time: Telnyx's storage or S3 is slow")
        return min(left, most)
