"""Closes a phone call's legs that are open in the table, once Telnyx says that they have ended.

The webhook function closes them: it processes the hang-up that never came, and settles flow, outcome, callees and
recordings as usual. Every step is idempotent: a leg stays in the index until it and its callees have ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dialtone.domain.events import TELNYX_EVENT
from dialtone.domain.overdue_after_hangup import continued
from reconcile.missed_hangups import HANG_UP, ending_again, hangup_event, is_of
from reconcile.overdue import (
    CLOCK_SKEW_SECONDS,
    GIVE_UP_SECONDS,
    LOOK_BACK_SECONDS,
    NEXT_SWEEP_SECONDS,
    Over,
    leg_age,
    next_leg_look,
    over_by_age,
    when_over,
)
from reconcile.report import CLOSED, FAULTS, READ_BACK
from reconcile.telnyx_queries import NotAnswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Level
    from dialtone.domain.calls import Call
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report
    from reconcile.telnyx_queries import Questions


@dataclass(frozen=True, slots=True)
class OpenLegs:
    """One phone call's open legs, claimed by this sweep."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    now: float
    """Unix seconds."""

    def look(self, due: DueItem, leg: Call) -> None:
        """Close the leg if it has ended; otherwise check it again later, with delays that grow with its age."""
        if leg.ended_at:
            self._settle(due, leg)
            return
        try:
            over = when_over(leg, self.questions.find_call(leg.control_id), self.now)
        except NotAnswered as why:
            self._log("warning", "call not known to have ended", leg, reason=str(why))
            self.report.add(FAULTS)
            over = over_by_age(leg, self.now)
        if over is Over.NOT:
            self._read_back(leg, LOOK_BACK_SECONDS)
            self.dependencies.store.move_due(due, next_leg_look(leg, self.now))
        elif isinstance(over, float):
            self._close(leg, over)

    def _close(self, leg: Call, ended: float) -> None:
        """Let the webhook function process a hang-up: Telnyx's own, if it still has it.

        The alarm comes first; a sweep that dies raises it twice. A hang-up whose content made its delivery fail would
        fail again, and must not keep the call open.
        """
        self.report.add(CLOSED)
        read_back = self._read_back(leg, GIVE_UP_SECONDS, only=HANG_UP) or self._read_hangup(leg)
        if read_back or self._delivered(leg, hangup_event(leg, ended)):
            self._log("warning", "call closed: its hang-up never came", leg, read_back=read_back)

    def _read_back(self, leg: Call, most_seconds: float, only: str = "") -> bool:
        """Let the webhook function process the events that Telnyx could not deliver.

        It recognises those it has processed before. For an ended call only the hang-ups, since other events could dial
        people for a caller who has left; each is delivered twice if needed, since a process that died would lose the
        hang-up cause. Returns whether the leg's own hang-up was among them.
        """
        try:
            listed = self.questions.undelivered(leg.session_id, self._since(leg, most_seconds))
        except NotAnswered as why:
            self._log("warning", "undelivered events not known", leg, reason=str(why))
            return False
        ended = False
        for event in listed:
            if only not in {"", event.get("event_type")}:
                continue
            if self._delivered(leg, {"data": event}) or (only and self._delivered(leg, {"data": event})):
                self.report.add(READ_BACK)
                ended = ended or (event.get("event_type") == HANG_UP and is_of(leg, event))
        return ended

    def _read_hangup(self, leg: Call) -> bool:
        """Let the webhook function process the leg's hang-up from Telnyx's list of events, if it is there.

        Telnyx may have delivered it to the failover, or may still be retrying. Returns whether it was accepted.
        """
        try:
            listed = self.questions.events_since(leg.session_id, self._since(leg, GIVE_UP_SECONDS))
        except NotAnswered as why:
            self._log("warning", "events not known", leg, reason=str(why))
            return False
        found = (each.event for each in listed if each.name == HANG_UP and each.event and is_of(leg, each.event))
        event = next(found, None)
        return event is not None and (self._delivered(leg, {"data": event}) or self._delivered(leg, {"data": event}))

    def _since(self, leg: Call, most_seconds: float) -> float:
        seen = max(leg_age(leg, self.now), NEXT_SWEEP_SECONDS) + CLOCK_SKEW_SECONDS
        return self.now - min(seen, most_seconds)

    def _delivered_own(self, leg: Call, event: Mapping[str, Any]) -> None:
        if why := self.dependencies.deliver(event):
            self._log("error", "event not taken", leg, reason=why)
            self.report.add(FAULTS)

    def _delivered(self, leg: Call, event: Mapping[str, Any]) -> bool:
        if why := self.dependencies.deliver({TELNYX_EVENT: event}):
            self._log("error", "event not taken", leg, reason=why)
            self.report.add(FAULTS)
        return not why

    def _settle(self, due: DueItem, leg: Call) -> None:
        """Make sure that an ended leg's callees are hung up on and its steps after the hang-up are taken.

        The hang-up commands or the watchdog's message may be lost.
        """
        if leg.goes_on and leg_age(leg, self.now) < GIVE_UP_SECONDS:
            if event := continued(leg, self.dependencies.store.timeline(leg.session_id), self.now):
                self._delivered_own(leg, event)
            self.dependencies.store.move_due(due, int(self.now) + NEXT_SWEEP_SECONDS)
            return
        event = ending_again(leg)
        if not event or leg_age(leg, self.now) >= GIVE_UP_SECONDS or self._delivered(leg, event):
            self.dependencies.store.drop_due(due)

    def _log(self, level: Level, message: str, leg: Call, **more: object) -> None:
        fields = {"call_session_id": leg.session_id, "call_leg_id": leg.leg_id, "call_status": leg.status}
        self.report.log(level, message, fields | more)
