"""A worker's lease: one worker dials at a time, and another takes over when it ends, or has died."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.adapters.calls_table import LostRace

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.campaigns_table import CampaignsTable, Lease

LEASE_SECONDS, RENEW_SECONDS = 15.0, 5.0
TAKE_OVER_SECONDS = 1.0
"""Between looks at a lease that another worker has."""


@dataclass(slots=True)
class WorkerLease:
    """The lease, as one worker has it or not."""

    store: CampaignsTable
    now: Callable[[], float]
    sleep: Callable[[float], None]
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _lease: Lease | None = None

    def lasts(self, now: float) -> bool:
        """Whether it is this worker's at that moment, as far as it knows."""
        return self._lease is not None and now < self._lease.until

    def take(self, until: float) -> bool:
        """Take it as soon as nobody else has it; whether that was so before that time. Raises botocore's errors."""
        while (now := self.now()) < until:
            try:
                lease = self.store.lease()
                if lease.until <= now:
                    self._lease = self.store.take_lease(lease, self.holder, now + LEASE_SECONDS)
                    return True
            except LostRace:
                pass  # another worker was faster
            self.sleep(TAKE_OVER_SECONDS)
        return False

    def keep(self) -> bool:
        """Renew it if need be; whether it still is this worker's. Raises botocore's errors."""
        if self._lease is None:
            return False
        if self._lease.until - self.now() > LEASE_SECONDS - RENEW_SECONDS:
            return True
        try:
            self._lease = self.store.take_lease(self._lease, self.holder, self.now() + LEASE_SECONDS)
        except LostRace:
            self._lease = None
        return self._lease is not None

    def give_up(self) -> None:
        """Let the next worker begin at once. Raises LostRace if one has, and botocore's errors."""
        if self._lease is not None:
            self.store.take_lease(self._lease, "", 0.0)
        self._lease = None
