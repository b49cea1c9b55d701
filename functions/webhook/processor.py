"""Processes one event: load, decide, commit, send."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import CallsTable, ClaimLost, LostRace, StoredDecision, StoreUnavailable
from dialtone.adapters.telnyx_api import COMMANDS_ASKED
from dialtone.domain.calls import Call
from dialtone.domain.counted_changes import counted_changes
from dialtone.domain.deadline import DeadlinePassed
from dialtone.domain.decisions import HANGUP_REFUSED, RECORDING_ERROR, UNWATCHED
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.events import READ_BACK
from dialtone.domain.own_events import NOT_KNOWN, led_by
from dialtone.domain.sms import FINALIZED, SENT
from dialtone.domain.watchdog_schedule import begun_by, first_look_seconds, watched
from webhook.event_types import UNDERSTOOD
from webhook.queue_answers import NoQueues
from webhook.refused_commands import Sent, acceptances_of, promises, refusals_of
from webhook.resending import (
    all_places,
    bridges,
    decided_on,
    doubt_about,
    forgotten,
    in_doubt,
    must_wait,
    not_taken,
    starting_nothing,
    to_send_again,
    too_late,
    waiting_for,
    with_addresses,
    with_numbers,
)
from webhook.router import route
from webhook.sending import send_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dialtone.adapters.archive_queue import ArchiveQueue
    from dialtone.adapters.flow_versions import Library
    from dialtone.domain.counted_changes import CountedChange
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.domain.lookups import Lookup
    from dialtone.domain.queues import QueueAnswer, QueueQuestion
    from dialtone.domain.unconfirmed_commands import Unconfirmed
    from dialtone.domain.watch import Look
    from dialtone.flow.loaded_flow import LoadedFlow
    from webhook.sending import Telnyx

MAX_RACES = 5
"""How often an event is decided again after losing a race to another event of the call, or to its own redelivery."""

KEPT_AGAIN_SECONDS = 86_400
"""After this time a version of a flow is stored again. It is stored for 90 days, far longer, so that a version that
takes calls for months is still there for the longest call after its last use."""

RACES_WHILE_KEEPING = 2
"""After this many lost races a version is not stored along: others write the same one, and one of them succeeds."""


TEXT_NOTED_SECONDS = 30
"""How long it may take until the table shows which call sent a text. Until then Telnyx is asked to deliver its report
again; an older report is about a text that no call sent."""

NO_ACCOUNT = "Telnyx does not say which commands it has taken"

CLOCKS_APART_SECONDS = 2
"""How much Telnyx's clock may differ from ours."""

NOTING_SECONDS = 0.1
"""Reserved at the end of a webhook's time, to store which of several commands Telnyx has obeyed."""


class Lookups(Protocol):
    """What the processor needs to ask other systems."""

    def ask(self, lookup: Lookup, deadline: float) -> None:
        """Start a lookup; its answer comes as an event. Raises botocore's errors, DeadlinePassed."""
        ...


class Queues(Protocol):
    """What the processor needs to know about queues."""

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """The answer; an empty one if there is none in time."""
        ...


class Watchdog(Protocol):
    """What the processor needs of the watchdog."""

    def look_later(self, look: Look, seconds: int, deadline: float) -> None:
        """Queue a look at a call in so many seconds. Raises botocore's errors, DeadlinePassed."""
        ...


class EventResult(NamedTuple):
    """What was done about an event."""

    duplicate: bool
    call: Call
    reason: str = ""
    sent: tuple[Sent, ...] = ()
    unsent: int = 0
    """How many commands Telnyx did not take; if any, the event must be delivered again."""
    races: int = 0
    incidents: tuple[str, ...] = ()
    """What operators must know; empty for a duplicate."""
    progress: tuple[CountedChange, ...] = ()
    """What happened to the call, to be counted; empty for a duplicate."""
    confirmed: frozenset[str] = frozenset()
    """The ids of the events whose commands Telnyx has obeyed."""
    doubt: str = ""
    """Of an action that is asked for again from outside: why it cannot be said that Telnyx has obeyed it."""

    def then(self, after: EventResult) -> EventResult:
        """This result combined with that of an event that followed from it."""
        return self._replace(
            call=after.call,
            reason="; ".join(filter(None, (self.reason, after.reason))),
            sent=self.sent + after.sent,
            unsent=after.unsent,
            incidents=self.incidents + after.incidents,
            progress=self.progress + after.progress,
            confirmed=self.confirmed | after.confirmed,
        )


@dataclass(slots=True)
class EventProcessor:
    """Applies events to their calls, and sends the commands to Telnyx."""

    store: CallsTable
    library: Library
    telnyx: Telnyx
    archive: ArchiveQueue
    lookups: Lookups
    watchdog: Watchdog
    now_seconds: Callable[[], float] = field(default=time.time)
    queues: Queues = field(default_factory=NoQueues)
    _kept: dict[tuple[str, str], float] = field(default_factory=dict)
    """When this process last stored each version of a flow."""

    def handle(self, event: Event, deadline: float) -> EventResult:
        """Decide once; send until Telnyx has taken it all. Nothing waits beyond `deadline`, a monotonic clock reading.

        Raises StoreUnavailable, DeadlinePassed and botocore's errors: nothing is lost, Telnyx must deliver the event
        again.
        """
        if event.type in {SENT, FINALIZED}:
            event = self._of_its_call(event, deadline)
        before = EventResult(duplicate=False, call=Call(event.call_session_id, event.owner_leg_id))
        for races in range(MAX_RACES):
            loaded = self.store.load(event, deadline)
            call = loaded.call or Call(event.call_session_id, event.owner_leg_id)
            if loaded.decided:
                return self._redelivered(event, call, loaded.decided, deadline)
            call, decision, flow = self._decide(call, event, deadline)
            if event.is_replayed:
                decision = starting_nothing(decision, call)
            waiting = call.unconfirmed and call.unconfirmed.after(event, call.turn)
            if waiting and waiting.event_id not in before.confirmed and must_wait(waiting, call, event, decision):
                earlier = self._confirm(waiting, call, deadline)
                before = before.then(earlier)
                if earlier.unsent:
                    return before._replace(reason="not decided yet: earlier commands come first")
                if earlier.sent:
                    continue
            now = self.now_seconds()
            decision = with_numbers(decision, event, waiting, call.version + 1)
            decision = watched(decision, event, call, now)
            try:
                self._commit(event, call, decision, flow, now, deadline, keeping=races < RACES_WHILE_KEEPING)
            except LostRace:
                continue
            decided = StoredDecision(
                decision.commands, decision.archive, decision.call.turn, now, decision.lookup, decision.question
            )
            done = self._carry_out(event, decided, decision.call, all_places(decided), deadline)
            result = EventResult(
                duplicate=False,
                call=decision.call,
                reason=decision.reason,
                incidents=decision.incidents,
                progress=counted_changes(call, decision, event),
            ).then(done)
            return before.then(result)._replace(reason=result.reason, races=races)
        raise StoreUnavailable(f"another event was faster {MAX_RACES} times")

    def _of_its_call(self, event: Event, deadline: float) -> Event:
        """An event about a text, assigned to the call that sent the text; unchanged if no call did."""
        message_id = event.text("message_id")
        place = self.store.place_of_text(message_id, deadline) if message_id else None
        if place:
            return event._replace(payload={**event.payload, "call_session_id": place[0], "call_leg_id": place[1]})
        age = self.now_seconds() - datetime.fromisoformat(event.occurred_at).timestamp()
        if abs(age) < TEXT_NOTED_SECONDS:
            raise StoreUnavailable("which call had the text sent is not known yet")
        return event

    def _decide(self, call: Call, event: Event, deadline: float) -> tuple[Call, Decision, LoadedFlow | None]:
        """The call with its caller's memory, the decision on the event, and the flow that controls the call."""
        if event.type not in UNDERSTOOD:
            return call, route(call, event, None), None
        known = self.library.with_called_number(call, event, deadline)
        flow = self.library.flow_for(led_by(known, event), event, deadline)
        memory = self._memory(known, event, flow, deadline)
        if not memory:
            return call, route(known, event, flow), flow
        known, call = (each._replace(variables={**each.variables, **memory}) for each in (known, call))
        return call, route(known, event, flow), flow

    def _memory(self, call: Call, event: Event, flow: LoadedFlow | None, deadline: float) -> Mapping[str, str]:
        """What is remembered of the caller. It costs one more read, only when a flow with `memory` begins."""
        begins = event.type == "call.answered" and not call.turn
        if flow is None or not (flow.main.memory_days and begins):
            return {}
        person = call.with_event_details(event).person
        return self.store.memory(person, event.occurred_at, deadline) if person else {}

    def _commit(  # noqa: PLR0913, PLR0917 -- what is committed, and when
        self,
        event: Event,
        before: Call,
        decision: Decision,
        flow: LoadedFlow | None,
        now: float,
        deadline: float,
        *,
        keeping: bool,
    ) -> None:
        begins = decision.call.flow_version and decision.call.flow_version != before.flow_version
        snapshot = flow if begins and keeping and self._needs_snapshot(flow, now) else None
        self.store.commit(event, before, decision, at_seconds=now, flow=flow, snapshot=snapshot, deadline=deadline)
        if snapshot:
            self._kept[snapshot.name, snapshot.version] = now

    def _redelivered(self, event: Event, call: Call, decided: StoredDecision, deadline: float) -> EventResult:
        """Handle an event that was decided before: send again what Telnyx may not have obeyed."""
        if event.is_replayed:
            decided, waiting = decided._replace(lookup=None, question=None), None
        else:
            waiting = waiting_for(event, decided, call)
        followed = waiting if waiting and waiting.event_id != event.id else None
        places = frozenset[int]() if followed else to_send_again(decided, waiting, call)
        doubtful = forgotten(decided, places, self.now_seconds()) | bridges(decided, places)
        left = self._not_taken(event, decided, places, doubtful, call, deadline)
        result = EventResult(duplicate=True, call=call, reason="came before")
        if left is None:
            return result._replace(unsent=len(places), reason=NO_ACCOUNT)
        result = result.then(self._carry_out(event, decided, call, left, deadline, first=False))
        place = in_doubt(event, decided, waiting, left, call, self.now_seconds())
        if place is not None:
            result = result._replace(doubt=self._doubt(event, place, decided, call, deadline))
        return result.then(self._confirm(followed, result.call, deadline)) if followed else result

    def _doubt(self, event: Event, place: int, decided: StoredDecision, call: Call, deadline: float) -> str:
        """What cannot be said of the command at that place: Telnyx is asked."""
        since = decided.at_seconds - CLOCKS_APART_SECONDS
        try:
            taken = self.telnyx.commands_since(call.session_id, since, deadline)
        except (TelnyxUnavailable, TelnyxRefused):
            return NOT_KNOWN
        doubt = doubt_about(event.id, place, decided.commands[place], call, taken)
        return NOT_KNOWN if doubt and len(taken) >= COMMANDS_ASKED else doubt

    def _confirm(self, waiting: Unconfirmed, call: Call, deadline: float) -> EventResult:
        """Send again what Telnyx may not have obeyed of an earlier decision, so that it is obeyed before the next one.

        Commands that Telnyx might now obey twice are left out: the call goes on without them, and a recording that one
        of them promised is counted as an incident.
        """
        event = decided_on(waiting, call)
        decided = self.store.decided(event, deadline)
        places = to_send_again(decided, waiting, call)
        late = too_late(decided, places, self.now_seconds())
        left = self._not_taken(event, decided, places - late, bridges(decided, places - late), call, deadline)
        if left is None:
            return EventResult(duplicate=True, call=call, reason=NO_ACCOUNT, unsent=len(places))
        done = self._carry_out(event, decided, call, left, deadline, first=False, hands_over=False)
        lost = self._recordings_lost(event, decided, late, call, deadline)
        return done._replace(incidents=done.incidents + (RECORDING_ERROR,) * lost)

    def _recordings_lost(
        self, event: Event, decided: StoredDecision, late: frozenset[int], call: Call, deadline: float
    ) -> int:
        """How many recordings Telnyx says it has not begun; all that are in doubt if it says nothing.

        While two people talk, minutes may pass without an event that shows that a recording has begun.
        """
        promised = frozenset(place for place in late if promises(decided.commands[place]))
        left = self._not_taken(event, decided, promised, promised, call, deadline)
        return len(promised if left is None else left)

    def _not_taken(  # noqa: PLR0913, PLR0917 -- what is in doubt, and of what
        self,
        event: Event,
        decided: StoredDecision,
        places: frozenset[int],
        doubtful: frozenset[int],
        call: Call,
        deadline: float,
    ) -> frozenset[int] | None:
        """These places, without the doubtful ones that Telnyx has taken; None if Telnyx does not say."""
        if not doubtful:
            return places
        try:
            taken = self.telnyx.commands_since(call.session_id, decided.at_seconds - CLOCKS_APART_SECONDS, deadline)
        except (TelnyxUnavailable, TelnyxRefused):
            return None
        return places - doubtful | not_taken(event.id, decided, doubtful, call, taken)

    def _carry_out(  # noqa: PLR0913 -- what is carried out, and how
        self,
        event: Event,
        decided: StoredDecision,
        call: Call,
        places: frozenset[int],
        deadline: float,
        *,
        first: bool = True,
        hands_over: bool = True,
    ) -> EventResult:
        """Send the commands at these places, hand jobs to other functions, and handle what Telnyx refused."""
        decided = with_addresses(decided, call)
        sent, unsent = self._send(event, decided, places, deadline)
        unwatched = ""
        if hands_over:
            for job in decided.archive:
                self.archive.put(job.completed_from(event), deadline)
            unwatched = self._begin_to_watch(event, call, deadline)
        result = EventResult(
            duplicate=not first,
            call=call,
            sent=tuple(sent.values()),
            unsent=unsent,
            reason=unwatched,
            incidents=(
                *((UNWATCHED,) if unwatched else ()),
                *(HANGUP_REFUSED for each in sent.values() if each.hangup_refused),
            ),
            confirmed=frozenset() if unsent else frozenset({event.id}),
        )
        if unsent:
            return result
        refusals = tuple(refusals_of(event, decided, call, places, sent, first=first))
        asks = hands_over and not refusals and call.turn == decided.turn
        if decided.lookup and asks and READ_BACK not in event.payload:  # its digits are not known
            self.lookups.ask(decided.lookup.asked_on(event), deadline)
        if decided.question and asks:
            question = decided.question.asked_on(event)
            result = result.then(self._answered(question, deadline))
        for answer in (*refusals, *acceptances_of(event, decided, call, places, sent)):
            if not result.unsent:
                result = result.then(self.handle(answer, deadline))
        return result

    def _answered(self, question: QueueQuestion, deadline: float) -> EventResult:
        """Handle the answer. Only one call may call a person back: the others ask again."""
        for _ in range(MAX_RACES):
            answer = self.queues.ask(question, deadline)
            try:
                return self.handle(answer.event(question), deadline)
            except ClaimLost:
                continue
        raise StoreUnavailable(f"other calls were faster {MAX_RACES} times")

    def _send(
        self, event: Event, decided: StoredDecision, places: frozenset[int], deadline: float
    ) -> tuple[dict[int, Sent], int]:
        """Send commands. If Telnyx does not take all, store which it obeyed: the next delivery goes on from there."""
        send_by = deadline - NOTING_SECONDS if len(places) > 1 else deadline
        sent, unsent = send_all(self.telnyx, event, decided.commands, send_by, places)
        settled = frozenset(place for place, each in sent.items() if each.settled)
        if unsent and settled:
            self.store.note_obeyed(event, decided.obeyed | settled, deadline)
        return sent, unsent

    def _begin_to_watch(self, event: Event, call: Call, deadline: float) -> str:
        """Queue the first look at a call, if its looks begin with this event. Returns why that failed, else ''.

        The call goes on in any case: it needs the watchdog only if an event is lost.
        """
        look = begun_by(event, call)
        if look is None:
            return ""
        try:
            self.watchdog.look_later(look, first_look_seconds(call), deadline)
        except (BotoCoreError, ClientError, DeadlinePassed) as error:
            return f"not watched: {type(error).__name__}"
        return ""

    def _needs_snapshot(self, flow: LoadedFlow | None, now: float) -> bool:
        """Whether this is the first call today, in this process, that begins with that version of the flow."""
        if flow is None or not flow.texts:
            return False
        kept_at = self._kept.get((flow.name, flow.version))
        return kept_at is None or now - kept_at > KEPT_AGAIN_SECONDS
