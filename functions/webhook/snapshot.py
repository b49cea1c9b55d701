"""SnapStart: Lambda takes a snapshot of a start once, and restores it for every new environment.

Before the snapshot, everything that a call may need is loaded. After a restore, everything that must not be shared or
stale is renewed: connections, the Telnyx key, the random seed. No request is made before the snapshot, so it contains
no answers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Snapshot(NamedTuple):
    """The functions that load before the snapshot, and those that renew after a restore."""

    load: Sequence[Callable[[], object]]
    """Functions that load what calls need, without any request."""
    renew: Sequence[Callable[[], object]]
    """Functions that drop connections and secrets; the next request opens and fetches new ones."""

    def before(self) -> None:
        """Load everything that a call may need."""
        for load in self.load:
            load()

    def after(self) -> None:
        """Renew what restored environments must not share."""
        for renew in self.renew:
            renew()
        random.seed()  # else environments from one snapshot would all retry at the same moments

    def register(self) -> bool:
        """Register both with Lambda's runtime. False if there is none: in tests and on this machine."""
        try:
            from snapshot_restore_py import (  # type: ignore[import-untyped, import-not-found, unused-ignore] # noqa: PLC0415
                register_after_restore,
                register_before_snapshot,
            )
        except ImportError:
            return False
        register_before_snapshot(self.before)
        register_after_restore(self.after)
        return True
