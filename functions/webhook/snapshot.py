"""SnapStart: a start is frozen once and woken for every new environment.

Before the snapshot everything is loaded that a call may need. Afterwards what must not be shared or stale is renewed:
connections, the Telnyx key, the state of chance. No request is made before the snapshot, so that no answer is in it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Snapshot(NamedTuple):
    """What is loaded before the snapshot, and renewed after it."""

    load: Sequence[Callable[[], object]]
    """What loads things that calls need, without any request."""
    renew: Sequence[Callable[[], object]]
    """What lets go of connections and secrets; the next request opens and fetches new ones."""

    def before(self) -> None:
        """Load all that a call may need."""
        for load in self.load:
            load()

    def after(self) -> None:
        """Wake up as a process of its own."""
        for renew in self.renew:
            renew()
        random.seed()  # of pauses: environments woken from one snapshot would send again in step

    def register(self) -> bool:
        """Have Lambda's runtime call both. False where there is none: in tests and on this machine."""
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
