"""The legs of one phone call that have not ended, as far as the table knows; closed when Telnyx says they are over.

The webhook function closes them: it is given the hang-up that never came, and settles flow, outcome, callees and
recordings as ever. Each step may be lost, and made twice: a leg stays in the index until it and its callees have ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.events import TELNYX_EVENT
from reconcile.hangups import ending_again, hangup_event
from reconcile.plan import GIVE_UP_SECONDS, Over, leg_age, next_leg_look, over_by_age, when_over
from reconcile.questions import NotAnswered
from reconcile.report import CLOSED, FAULTS

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Level
    from dialtone.domain.calls import Call
    from reconcile.dependencies import Dependencies
    from reconcile.questions import Questions
    from reconcile.report import Report


@dataclass(frozen=True, slots=True)
class OpenLegs:
    """Those of one phone call in one sweep, which has claimed them."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    now: float
    """Unix seconds."""

    def look(self, due: DueItem, leg: Call) -> None:
        """Close the leg if it is over; else it is looked at again, the later the longer it has been going on."""
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
            self.dependencies.store.move_due(due, next_leg_look(leg, self.now))
        elif isinstance(over, float):
            self._close(leg, over)

    def _close(self, leg: Call, ended: float) -> None:
        """Let the webhook function process its hang-up. The alarm comes first: a sweep that dies rings it twice."""
        self.report.add(CLOSED)
        if why := self.dependencies.deliver({TELNYX_EVENT: hangup_event(leg, ended)}):
            self._log("error", "call not closed", leg, reason=why)
            self.report.add(FAULTS)
            return
        self._log("warning", "call closed: its hang-up never came", leg)

    def _settle(self, due: DueItem, leg: Call) -> None:
        """See to it that the callees of a leg that has ended were hung up on: that may be what was lost."""
        event = ending_again(leg)
        if (
            event
            and leg_age(leg, self.now) < GIVE_UP_SECONDS
            and (why := self.dependencies.deliver({TELNYX_EVENT: event}))
        ):
            self._log("error", "callees not hung up on", leg, reason=why)
            self.report.add(FAULTS)
            return
        self.dependencies.store.drop_due(due)

    def _log(self, level: Level, message: str, leg: Call, **more: object) -> None:
        fields = {"call_session_id": leg.session_id, "call_leg_id": leg.leg_id, "call_status": leg.status}
        self.report.log(level, message, fields | more)
