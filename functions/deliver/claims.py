"""Who delivers a message to a target: one process at a time, and nobody once it is done."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from dialtone.adapters.calls_table import KEEP_DAYS, SECONDS_A_DAY

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.deliveries import DeliveryJob

DELIVERY = "DELIVERY#"
"""How the items begin, one for each recording and target, beside the recording."""

LEASE_SECONDS = 180
"""Longer than the function may run: who holds a claim then is dead."""

FOR_EVER = 253_402_300_799
"""The last second of the year 9999: until then what was delivered is held."""

Claim = Literal["mine", "done", "held"]


class Claims:
    """The claims in the calls table. Every method raises botocore's errors."""

    def __init__(self, store: CallsTable) -> None:
        self._store = store

    def take(self, job: DeliveryJob, now_seconds: float) -> Claim:
        """Claim a delivery. `held`: another process is at it, or died at it less than LEASE_SECONDS ago."""
        now = int(now_seconds)
        expires_at = now + KEEP_DAYS * SECONDS_A_DAY
        until = now + LEASE_SECONDS
        if self._store.claim(job.call_session_id, _item(job), now=now, until=until, expires_at=expires_at):
            return "mine"
        held_until = self._store.held_until(job.call_session_id, _item(job))
        return "done" if held_until == FOR_EVER else "held"

    def done(self, job: DeliveryJob) -> None:
        """Note that it was delivered."""
        self._store.hold(job.call_session_id, _item(job), FOR_EVER)

    def release(self, job: DeliveryJob) -> None:
        """Let the next try have it at once: the receiver surely has nothing."""
        self._store.hold(job.call_session_id, _item(job), 0)


def _item(job: DeliveryJob) -> str:
    """The target may be a person's address, which is not for keys: these show in metrics and logs of AWS."""
    return f"{DELIVERY}{job.recording}#{hashlib.sha256(job.target.encode(errors='replace')).hexdigest()[:16]}"
