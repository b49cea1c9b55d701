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
"""An incident: no flow takes a call, or the call's flow is missing."""

FLOW_ERROR = "flow-error"
"""An incident: a step failed because of a fault, not because of what callers and colleagues do."""

LAST_RESORT = "last-resort"
"""An incident: a fault led the caller to the flow's last resort, or out of the call."""

RECORDING_ERROR, UNIDENTIFIED = "recording-error", "recording-unidentified"
"""Incidents: Telnyx could not make or store a recording; a recording could not be identified."""

HANGUP_REFUSED = "hangup-refused"
"""An incident: Telnyx refused to end a leg, so a line may stay open in silence."""

TARGET_REFUSED = "target-refused"
"""An incident: a transfer would have rung a number that a caller chose, or that the flow does not allow."""

UNWATCHED = "unwatched"
"""An incident: the watchdog's message about a call could not be sent. The call goes on unless an event is lost."""

NO_INPUT, WRONG_INPUT, NOT_REACHED = "no-input", "wrong-input", "not-reached"
"""Results of steps: the caller pressed nothing, or something invalid, until the tries were used up; a transfer reached
nobody. These are not faults, but many of them say something about a flow."""

START, LAST_RESORT_EDGE, HANGUP_EDGE = "start", "last_resort", "hangup"
"""The edges of a flow itself; all others belong to a step."""


class EnteredStep(NamedTuple):
    """A step that a call entered, and the edge that led there."""

    flow: str
    step: str
    source: str
    """The step that the edge leaves; '' for an edge of the flow itself."""
    edge: str
    """'' if the step entered itself again, or the call returned from another flow."""


class Decision(NamedTuple):
    """The result of an event: the call after it, and what has to be done."""

    call: Call
    commands: tuple[Command, ...] = ()
    recordings: tuple[Recording, ...] = ()
    """The ledger entries to write."""
    reviews: tuple[Review, ...] = ()
    """The caller's decisions about ledger entries."""
    archive: tuple[ArchiveJob, ...] = ()
    reason: str = ""
    """A few words for the timeline."""
    lookup: Lookup | None = None
    """A question to another of the team's systems."""
    incidents: tuple[str, ...] = ()
    """What operators must know: each is counted, and makes the log line a warning."""

    entered: tuple[EnteredStep, ...] = ()
    """Every step that the call entered, in order."""
    results: tuple[str, ...] = ()
    """The results of steps that did not reach their aim: NO_INPUT, WRONG_INPUT, NOT_REACHED."""
    question: QueueQuestion | None = None
    """A question to Telnyx about a queue."""
    promised: Callback | None = None
    """A place in a queue to keep for a callback."""
    claimed: Callback | None = None
    """A callback that becomes this call's, unless another call has claimed it."""
    opted_out: Suppression | None = None
    """A number that campaigns must not dial any more."""
    talking: bool = False
    """Whether two people talk, so that no event is due, whatever commands are sent."""
    deliveries: tuple[DeliveryAsked, ...] = ()
    """The recordings to deliver as messages, and their targets."""

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
