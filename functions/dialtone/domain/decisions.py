"""What is decided about an event: the call after it, and what has to be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.lookups import Lookup
    from dialtone.domain.recordings import ArchiveJob, Recording, Review

TURNED_AWAY = "turned-away"
"""An incident: no flow takes a call, or the flow that led it is missing."""

FLOW_ERROR = "flow-error"
"""An incident: a step failed for a fault, not for what callers and colleagues do."""

LAST_RESORT = "last-resort"
"""An incident: a fault led the caller to the flow's last resort, or out of the call."""

RECORDING_ERROR, UNIDENTIFIED = "recording-error", "recording-unidentified"
"""Incidents: a recording that Telnyx could not make or keep, and one of which it is doubtful what it is of."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of an event: the call after it, and what has to be done."""

    call: Call
    commands: tuple[Command, ...] = ()
    recordings: tuple[Recording, ...] = ()
    """Ledger entries to be written."""
    reviews: tuple[Review, ...] = ()
    """What the caller decided about ledger entries."""
    archive: tuple[ArchiveJob, ...] = ()
    reason: str = ""
    """For the timeline, in a few words."""
    lookup: Lookup | None = None
    """A question to another system of the team's."""
    incidents: tuple[str, ...] = ()
    """What operators need to know: each is counted, and makes the log line a warning."""

    def then(self, go_on: Callable[[Call], Decision]) -> Decision:
        """This decision followed by what is decided of the call after it."""
        after = go_on(self.call)
        return Decision(
            after.call,
            self.commands + after.commands,
            self.recordings + after.recordings,
            self.reviews + after.reviews,
            self.archive + after.archive,
            "; ".join(dict.fromkeys(filter(None, (*self.reason.split("; "), *after.reason.split("; "))))),
            after.lookup or self.lookup,
            self.incidents + after.incidents,
        )


def stay(call: Call, reason: str = "") -> Decision:
    """Nothing changes; the event is kept in the timeline."""
    return Decision(call, reason=reason)
