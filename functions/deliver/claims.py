"""Claims on deliveries: one process at a time delivers a message to a target, and none once it is done."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from dialtone.domain.retention import KEEP_DAYS
from dialtone.domain.units import SECONDS_A_DAY

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.deliveries import DeliveryJob

DELIVERY = "DELIVERY#"
"""Prefix of the items: one for each recording and target, in the call's partition."""

LEASE_SECONDS = 180
"""Longer than the function may run: an older claim is of a dead process."""

FOR_EVER = 253_402_300_799
"""The last second of the year 9999: a completed delivery is held until then."""

Claim = Literal["mine", "done", "held"]


class Claims:
    """The claims in the calls table. Every method raises botocore's errors."""

    def __init__(self, store: CallsTable) -> None:
        self._store = store

    def take(self, job: DeliveryJob, now_seconds: float) -> Claim:
        """Claim a delivery. `held`: another process has it, or died with it less than LEASE_SECONDS ago."""
        now = int(now_seconds)
        expires_at = now + KEEP_DAYS * SECONDS_A_DAY
        until = now + LEASE_SECONDS
        if self._store.claim(job.call_session_id, _item(job), now=now, until=until, expires_at=expires_at):
            return "mine"
        held_until = self._store.held_until(job.call_session_id, _item(job))
        return "done" if held_until == FOR_EVER else "held"

    def done(self, job: DeliveryJob) -> None:
        """Mark it as delivered."""
        self._store.hold(job.call_session_id, _item(job), FOR_EVER)

    def release(self, job: DeliveryJob) -> None:
        """Release the claim for the next attempt: the receiver certainly has nothing."""
        self._store.hold(job.call_session_id, _item(job), 0)


def _item(job: DeliveryJob) -> str:
    """The key has a hash of the target, which may be a person's address: keys appear in AWS's metrics and logs."""
    return f"{DELIVERY}{job.recording}#{hashlib.sha256(job.target.encode(errors='replace')).hexdigest()[:16]}"
