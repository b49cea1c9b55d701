"""The decision on an event: the call after it, and what has to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.domain.calls import Call
    from dialtone.domain.campaigns.suppression import Suppression
    from dialtone.domain.commands import Command
    from dialtone.domain.delivery_targets import DeliveryAsked
    from dialtone.domain.lookups import Lookup
    from dialtone.domain.queues import Callback, QueueQuestion
    from dialtone.domain.recordings import ArchiveJob, Recording, Review

TURNED_AWAY = "turned-away"
"""An incident: no flow takes a call, or the flow that led it is missing."""

FLOW_ERROR = "flow-error"
"""An incident: a step failed for a fault, not for what callers and colleagues do."""

LAST_RESORT = "last-resort"
"""An incident: a fault led the caller to the flow's last resort, or out of the call."""

RECORDING_ERROR, UNIDENTIFIED = "recording-error", "recording-unidentified"
"""Incidents: a recording that Telnyx could not make or keep, and one of which it is doubtful what it is of."""

HANGUP_REFUSED = "hangup-refused"
"""An incident: Telnyx refuses to end a leg, so that a line may stay open in silence."""

TARGET_REFUSED = "target-refused"
"""An incident: a transfer was to ring what a caller chose, or a number that the flow does not allow."""

UNWATCHED = "unwatched"
"""An incident: the watchdog's message about a call could not be sent. It goes on as long as its events come."""

NO_INPUT, WRONG_INPUT, NOT_REACHED = "no-input", "wrong-input", "not-reached"
"""Results of steps: a caller pressed nothing, or something else than was asked for, until the tries were used up; a
transfer reached nobody. Not a fault, but many of them say something about a flow."""

START, LAST_RESORT_EDGE, HANGUP_EDGE = "start", "last_resort", "hangup"
"""The edges of a flow itself; all others are a step's."""


class EnteredStep(NamedTuple):
    """A step that a call entered, and the edge that led there."""

    flow: str
    step: str
    source: str
    """The step that has the edge; '' for one of the flow itself."""
    edge: str
    """'' where the step entered itself again, or the call came back from another flow."""


class Decision(NamedTuple):
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

    entered: tuple[EnteredStep, ...] = ()
    """Every step that the call came to, in order."""
    results: tuple[str, ...] = ()
    """What came of steps that did not get what they were for: NO_INPUT, WRONG_INPUT, NOT_REACHED."""
    question: QueueQuestion | None = None
    """A question about a queue at Telnyx."""
    promised: Callback | None = None
    """A place in a queue that is kept from now on."""
    claimed: Callback | None = None
    """One that is this call's, if no other call has claimed it."""
    opted_out: Suppression | None = None
    """A number that no campaign dials from now on."""
    talking: bool = False
    """Whether two people talk, so that no event is due, whatever is commanded."""
    deliveries: tuple[DeliveryAsked, ...] = ()
    """To whom recordings go, as messages."""

    @property
    def edges(self) -> str:
        """The edges that callers, callees and conditions took, for the timeline: `pressed 1`, `no_answer`."""
        chosen = (each.edge for each in self.entered if each.edge not in {"", "next", START})
        return "; ".join(f"pressed {edge[5:]}" if edge.startswith("keys.") else edge for edge in chosen)

    def then(self, go_on: Callable[[Call], Decision]) -> Decision:
        """This decision, followed by the one that `go_on` makes for the call after it."""
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
            self.entered + after.entered,
            self.results + after.results,
            after.question or self.question,
            after.promised or self.promised,
            after.claimed or self.claimed,
            after.opted_out or self.opted_out,
            after.talking,
            self.deliveries + after.deliveries,
        )


def stay(call: Call, reason: str = "") -> Decision:
    """The decision that changes nothing; the event is kept in the timeline."""
    return Decision(call, reason=reason)
