"""What lets the carrier's time pass while a person uses the telephone."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.carrier.carrier import Carrier

CLOCK_RUN_SECONDS = 0.5
"""How long the carrier's clock runs before it asks whether it is to stop; of this machine's time."""


@dataclass(slots=True)
class ClockThread:
    """Lets the carrier's time pass, on a thread of its own; a context manager."""

    carrier: Carrier
    wake: Callable[[], None]
    broken: Exception | None = None
    _stopped: bool = False

    def __enter__(self) -> Self:
        Thread(target=self._run, name="clock_thread", daemon=True).start()
        return self

    def __exit__(self, *_how: object) -> None:
        # The code that closes the carrier waits for a webhook in progress.
        self._stopped = True

    def _run(self) -> None:
        try:
            while not self._stopped:
                for_seconds = CLOCK_RUN_SECONDS * (self.carrier.pump.pace or 1.0)
                self.carrier.run(until=self.carrier.clock.now + for_seconds)
        except Exception as error:  # noqa: BLE001 -- nobody looks at this thread: the phone raises it
            self.broken = error
            self.wake()
