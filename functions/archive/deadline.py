"""The time that a job may take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.faults import NotArchived

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Deadline:
    """A reading of the clock that a job must not outlast, or it would take the time of those behind it."""

    at_seconds: float
    clock: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """Raises NotArchived when it has passed."""
        if self.clock() > self.at_seconds:
            raise NotArchived("not copied in time: Telnyx's storage or S3 is slow")
