"""The worker lease: one worker dials at a time, and another takes over when it ends or dies."""

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
"""Interval between reads of a lease held by another worker."""


@dataclass(slots=True)
class WorkerLease:
    """The lease, from one worker's view."""

    store: CampaignsTable
    now: Callable[[], float]
    sleep: Callable[[float], None]
    holder: str = field(default_factory=lambda: uuid.uuid4().hex)
    _lease: Lease | None = None

    def lasts(self, now: float) -> bool:
        """Whether this worker holds it at that time, as far as it knows."""
        return self._lease is not None and now < self._lease.until

    def take(self, until: float) -> bool:
        """Wait for the lease until that time; return whether it was obtained. Raises botocore's errors."""
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
        """Renew it if needed; return whether this worker still holds it. Raises botocore's errors."""
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
        """Release it, so that the next worker starts at once. Raises LostRace if one has, and botocore's errors."""
        if self._lease is not None:
            self.store.take_lease(self._lease, "", 0.0)
        self._lease = None
