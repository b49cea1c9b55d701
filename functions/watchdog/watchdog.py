"""Checks one call: reads back from Telnyx an event that never came; if Telnyx has none, moves the call on.

Every check may run twice or die half-way: the webhook function recognises the events it delivers by their ids. The next
check is queued last; if that fails, SQS delivers this message again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from dialtone.adapters.telemetry import Measure
from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.events import TELNYX_EVENT
from dialtone.domain.overdue_after_hangup import begun_again
from dialtone.domain.own_events import OWN_EVENT, event_to_json
from dialtone.domain.watch import LONGEST_CALL_SECONDS, LOOK_SECONDS
from dialtone.domain.watchdog_schedule import overdue_event, pause
from watchdog.missed_events import (
    CLOCKS_APART_SECONDS,
    DELIVERIES_SECONDS,
    LOOK_BACK_SECONDS,
    Missed,
    delivered_again,
    last_decision,
    led_by_others,
    missed,
    overdue,
    seconds,
    untaken,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.telemetry import Level, Observer
    from dialtone.adapters.telnyx_api import CallInfo, ReportedEvent, TakenCommand
    from dialtone.adapters.watchdog_queue import WatchdogQueue
    from dialtone.domain.calls import Call
    from dialtone.domain.watch import Look, Watch

READ_BACK, OVERDUE, SENT_AGAIN, FAULTS = "EventsReadBack", "EventsOverdue", "CommandsSentAgain", "WatchdogFaults"


class Telnyx(Protocol):
    """The part of Telnyx's API that is used. All methods raise TelnyxRefused and TelnyxUnavailable."""

    def events_since(self, call_session_id: str, since_seconds: float) -> tuple[ReportedEvent, ...]:
        """The events of a phone call since that unix time, whether or not their webhooks have come."""
        ...

    def undelivered(self, call_session_id: str, since_seconds: float) -> tuple[Mapping[str, object], ...]:
        """The events of a phone call that Telnyx could not deliver since that unix time."""
        ...

    def find_call(self, call_control_id: str) -> CallInfo | None:
        """Whether a leg is open; None if Telnyx does not know it."""
        ...

    def commands_since(self, call_session_id: str, since_seconds: float) -> tuple[TakenCommand, ...]:
        """The commands of a phone call that Telnyx has accepted since that unix time."""
        ...


@dataclass(frozen=True, slots=True)
class Watchdog:
    """Checks waiting calls."""

    store: CallsTable
    telnyx: Telnyx
    queue: WatchdogQueue
    deliver: Callable[[Mapping[str, Any]], str]
    """Delivers an event to the webhook function. Returns why it was not accepted, '' if it was."""
    observer: Observer
    now_seconds: Callable[[], float] = field(default=time.time)

    def look(self, look: Look) -> None:
        """Do what is due, and queue the next check while the call is open.

        Raises botocore's errors, so that the message is redelivered.
        """
        leg = self.store.leg(look.call_session_id, look.call_leg_id)
        if leg is None or leg.watch is None or leg.watch.chain != look.chain:
            return  # it has ended, or another message covers it
        if leg.goes_on:
            self.queue.look_later(self._after_hangup(look, leg, leg.watch), LOOK_SECONDS)
            return
        quiet = self.now_seconds() - leg.watch.since
        after = self._looked_at(look, leg, leg.watch) if quiet >= LOOK_SECONDS else look
        if after and quiet < LONGEST_CALL_SECONDS:
            self.queue.look_later(after, pause(quiet))

    def _looked_at(self, look: Look, leg: Call, watch: Watch) -> Look | None:
        try:
            return self._act(look, leg, watch)
        except (TelnyxRefused, TelnyxUnavailable) as why:
            self._note("warning", "Telnyx does not say what happened on a call", leg, FAULTS, reason=str(why))
            return look

    def _after_hangup(self, look: Look, leg: Call, watch: Watch) -> Look:
        """Move on the flow of an ended call, which only our own events do. Returns the next check."""
        now = self.now_seconds()
        if now < max(watch.until, look.sent_again_at + LOOK_SECONDS):
            return look
        again = begun_again(leg, self.store.timeline(leg.session_id))
        if again and not look.sent_again_at:
            self._delivered(again, leg, "step after the hang-up begun again", SENT_AGAIN)
            return look._replace(sent_again_at=int(now))
        if why := self.deliver({OWN_EVENT: event_to_json(overdue_event(leg, watch))}):
            self._note("error", "event not taken", leg, FAULTS, reason=why)
        return look._replace(sent_again_at=0)

    def _act(self, look: Look, leg: Call, watch: Watch) -> Look | None:
        """Act for a call that has not moved since then. Returns the next check, None for no more."""
        now = self.now_seconds()
        found = self._missed(leg, watch, now)
        taken = [
            self._delivered({TELNYX_EVENT: {"data": event}}, leg, "event read back", READ_BACK)
            for event in found.events
        ]
        late = overdue(watch, look, now)
        if any(taken) or not (late or now - watch.since >= DELIVERIES_SECONDS):
            return look
        call = self.telnyx.find_call(leg.control_id)
        if call is None or not call.is_alive:
            return None  # the call has ended: its hang-up may still come; otherwise a sweep closes it
        return self._moved_on(look, leg, watch, now) if late and not found.unreadable else look

    def _moved_on(self, look: Look, leg: Call, watch: Watch, now: float) -> Look:
        """Resend commands that Telnyx has not accepted.

        If it has, but reports nothing, let the flow take its error path.
        """
        timeline = self.store.timeline(leg.session_id)
        decided = last_decision(leg, timeline)
        began = min(watch.since, seconds(decided.occurred_at)) if decided else watch.since
        since = began - CLOCKS_APART_SECONDS
        taken = self.telnyx.commands_since(leg.session_id, since)
        if led_by_others(leg, timeline, taken, since):
            return look
        again = delivered_again(leg, timeline) if untaken(leg, decided, taken) else None
        if again and not look.sent_again_at:
            self._delivered(again, leg, "commands sent again", SENT_AGAIN)
            return look._replace(sent_again_at=int(now))
        event = {OWN_EVENT: event_to_json(overdue_event(leg, watch))}
        self._delivered(event, leg, "event overdue", OVERDUE, step=leg.step, seconds=round(now - watch.since))
        return look._replace(sent_again_at=0)

    def _missed(self, leg: Call, watch: Watch, now: float) -> Missed:
        since = watch.since - LOOK_BACK_SECONDS
        listed = self.telnyx.events_since(leg.session_id, since)
        given_up: Iterable[Mapping[str, object]] = ()
        if now - watch.since >= DELIVERIES_SECONDS:
            given_up = self.telnyx.undelivered(leg.session_id, since)
        return missed(self.store.timeline(leg.session_id), listed, given_up, now)

    def _delivered(self, event: Mapping[str, Any], leg: Call, message: str, counts: str, **more: object) -> bool:
        """Whether the webhook function accepted the event.

        One that it can never accept must not keep the call waiting.
        """
        why = self.deliver(event)
        if why:
            self._note("error", "event not taken", leg, FAULTS, reason=why)
        else:
            self._note("warning", message, leg, counts, **more)
        return not why

    def _note(self, level: Level, message: str, leg: Call, counts: str, **more: object) -> None:
        fields = {"call_session_id": leg.session_id, "call_leg_id": leg.leg_id, "call_status": leg.status}
        self.observer.log(level, message, fields | more)
        self.observer.measure(Measure(counts))
