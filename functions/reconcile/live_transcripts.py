"""Transcripts without recording that were not archived: their jobs are queued again for a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dialtone.domain.recordings import EXPECTED, FAILED
from reconcile.overdue import look_at_text
from reconcile.report import OVERDUE, QUEUED, UNTRANSCRIBED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Level
    from dialtone.domain.live_transcripts import LiveTranscript
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report


@dataclass(frozen=True, slots=True)
class AwaitedLiveTranscripts:
    """One phone call's open texts, claimed by this sweep."""

    dependencies: Dependencies
    report: Report
    session: str
    now: float
    """Unix seconds."""

    def look(self, due: Iterable[DueItem]) -> None:
        """Queue the jobs of those not archived. Entries of an erased call are dropped."""
        for each in due:
            entry = self.dependencies.store.live_transcript(self.session, each.text)
            if entry is None or entry.status != EXPECTED or self.dependencies.erased.has(self.session):
                self.dependencies.store.drop_due(each)
            else:
                self._look(each, entry)

    def _look(self, due: DueItem, entry: LiveTranscript) -> None:
        look = look_at_text(entry, self.now)
        if look.do == "give up":
            self.report.add(UNTRANSCRIBED)
            self._log("error", "text failed", entry)
            reason = "; ".join(filter(None, ("given up after a day: it was not archived", entry.reason)))
            self.dependencies.store.mark_live_transcript(replace(entry, status=FAILED, reason=reason))
            return
        if look.do == "queue":
            self.dependencies.queue.put(entry.job)
            self._log("warning", "text queued again: it was not archived", entry)
            self.report.add(QUEUED)
        if look.overdue:
            self.report.add(OVERDUE)
            self.dependencies.store.move_due(due, look.next_at(self.now))

    def _log(self, level: Level, message: str, entry: LiveTranscript) -> None:
        fields = {"call_session_id": entry.call_session_id, "call_leg_id": entry.call_leg_id, "recording": entry.name}
        self.report.log(level, message, fields | {"kind": entry.kind})
