"""Processes one event: load, decide, commit, send."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import webhook.handlers  # noqa: F401 -- importing them registers them
from dialtone.adapters.calls_table import CallsTable, LostRace, StoredDecision, StoreUnavailable
from dialtone.domain.calls import Call
from webhook.redelivery import stale_commands, to_resend
from webhook.refusals import Sent, needs_error_path, recordings_given_up, refused, refused_again
from webhook.router import handlers, route
from webhook.sending import send_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.adapters.archive_queue import ArchiveQueue
    from dialtone.domain.events import Event
    from dialtone.domain.lookups import Lookup
    from dialtone.flow.loaded_flow import LoadedFlow
    from webhook.sending import Telnyx

MAX_RACES = 5
"""How often an event is decided again because another of the same call, or its own other delivery, was faster."""

KEPT_AGAIN_SECONDS = 86_400
"""How long a version of a flow is known to be kept: far shorter than the 90 days that it is, so that one which takes
calls for months is kept for the longest call after its last."""

RACES_WHILE_KEEPING = 2
"""Races after which a version is not kept along: others of us are writing the same one, and one of them succeeds."""


class Library(Protocol):
    """What the processor needs of the flows. Both raise FlowInvalid if what they need is broken."""

    def with_called_number(self, call: Call, event: Event) -> Call:
        """A new incoming call with the number that was called, as our numbers are written."""
        ...

    def flow_for(self, call: Call, event: Event, deadline: float) -> LoadedFlow | None:
        """The flow that leads the call, None if there is none."""
        ...


class Lookups(Protocol):
    """What the processor needs to ask other systems."""

    def ask(self, lookup: Lookup, deadline: float) -> None:
        """Let it be asked; its answer comes as an event. Raises botocore's errors, DeadlinePassed."""
        ...


@dataclass(frozen=True, slots=True)
class EventResult:
    """What was done about an event."""

    duplicate: bool
    call: Call
    reason: str = ""
    sent: tuple[Sent, ...] = ()
    unsent: int = 0
    """Commands that Telnyx did not take: the event must be delivered again."""
    races: int = 0
    incidents: tuple[str, ...] = ()
    """What operators must hear of; none of an event that came before."""


@dataclass(slots=True)
class EventProcessor:
    """Takes events to the calls that they are for, and commands to Telnyx."""

    store: CallsTable
    library: Library
    telnyx: Telnyx
    archive: ArchiveQueue
    lookups: Lookups
    now_seconds: Callable[[], float] = field(default=time.time)
    _kept: dict[tuple[str, str], float] = field(default_factory=dict)
    """When we last kept a version of a flow."""

    def handle(self, event: Event, deadline: float) -> EventResult:
        """Decide once, send until it is sent. `deadline` is a reading of the monotonic clock; nothing waits beyond it.

        Raises StoreUnavailable, DeadlinePassed and botocore's errors: nothing was lost, the event must come again.
        """
        decided, handled = self._decide(event, deadline)
        known = self._refused_before(event, decided, deadline) if handled.duplicate else frozenset()
        left = stale_commands(decided, handled.call) if handled.duplicate else frozenset()
        sent, unsent = send_all(self.telnyx, event, decided.commands, deadline, refused_before=known, stale=left)
        for job in decided.archive:
            self.archive.put(job.completed_from(event), deadline)
        handled = replace(handled, sent=tuple(sent.values()), unsent=unsent)
        refusals = {place: refused_again(event, place) for place in known}
        given_up = () if unsent else recordings_given_up(decided, sent)
        for place, each in sent.items():
            if needs_error_path(each, first=not handled.duplicate, given_up=bool(given_up)):
                refusals[place] = refused(event, decided.turn, place, each, given_up)
                given_up = ()
        if decided.lookup and not refusals and not unsent:
            self.lookups.ask(decided.lookup.asked_on(event), deadline)
        for place in sorted(refusals):
            handled = self._followed(handled, refusals[place], deadline)
        return handled

    def _followed(self, handled: EventResult, refusal: Event, deadline: float) -> EventResult:
        """An event and the refusal that followed from it, handled one after the other."""
        if handled.unsent:
            return handled
        followed = self.handle(refusal, deadline)
        return replace(
            handled,
            call=followed.call,
            reason="; ".join(filter(None, (handled.reason, followed.reason))),
            sent=handled.sent + followed.sent,
            unsent=followed.unsent,
            incidents=handled.incidents + followed.incidents,
        )

    def _refused_before(self, event: Event, decided: StoredDecision, deadline: float) -> frozenset[int]:
        """The places of the commands that were refused when the event came before, and whose error path was taken."""
        refusals = [refused_again(event, place) for place in range(len(decided.commands))]
        known = self.store.known(refusals, deadline)
        return frozenset(place for place, refusal in enumerate(refusals) if refusal.id in known)

    def _decide(self, event: Event, deadline: float) -> tuple[StoredDecision, EventResult]:
        for races in range(MAX_RACES):
            loaded = self.store.load(event, deadline)
            call = loaded.call or Call(event.call_session_id, event.owner_leg_id)
            if loaded.decided:
                decided = to_resend(loaded.decided, call, self.now_seconds())
                return decided, EventResult(duplicate=True, call=call, reason="came before")
            flow = None
            if event.type in handlers():
                call = self.library.with_called_number(call, event)
                flow = self.library.flow_for(call, event, deadline)
            decision = route(call, event, flow)
            now = self.now_seconds()
            begins = decision.call.flow_version and not call.flow_version
            snapshot = flow if begins and races < RACES_WHILE_KEEPING and self._needs_snapshot(flow, now) else None
            try:
                self.store.commit(
                    event, call, decision, at_seconds=now, flow=flow, snapshot=snapshot, deadline=deadline
                )
            except LostRace:
                continue
            if snapshot:
                self._kept[snapshot.name, snapshot.version] = now
            decided = StoredDecision(decision.commands, decision.archive, decision.call.turn, now, decision.lookup)
            return decided, EventResult(
                duplicate=False,
                call=decision.call,
                reason=decision.reason,
                races=races,
                incidents=decision.incidents,
            )
        raise StoreUnavailable(f"another event was faster {MAX_RACES} times")

    def _needs_snapshot(self, flow: LoadedFlow | None, now: float) -> bool:
        """Whether this is the first call today, in this process, that begins with that version of the flow."""
        if flow is None or not flow.texts:
            return False
        kept_at = self._kept.get((flow.name, flow.version))
        return kept_at is None or now - kept_at > KEPT_AGAIN_SECONDS
