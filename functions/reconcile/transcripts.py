"""Transcripts that were requested and have not come: for a day, Telnyx is asked and the archive gets a job.

The job goes straight to the archive: a transcript needs no decision, and its job may be what was lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.recordings import FAILED, ArchiveJob, Transcription
from reconcile.overdue import GIVE_UP_HOURS, GIVE_UP_SECONDS, LONGEST_PAUSE_SECONDS, TRANSCRIBED_SECONDS, seconds
from reconcile.report import FAULTS, TRANSCRIPTS, UNTRANSCRIBED
from reconcile.telnyx_listing import is_listed_as
from reconcile.telnyx_queries import NotAnswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Level
    from dialtone.adapters.telnyx_api import TranscriptInfo
    from dialtone.domain.recordings import Recording
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report
    from reconcile.telnyx_queries import Questions

IN_PROGRESS = "in-progress"


@dataclass(frozen=True, slots=True)
class AwaitedTranscripts:
    """One phone call's missing transcripts, claimed by this sweep."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    now: float
    """Unix seconds."""

    def look(self, awaiting: Sequence[tuple[DueItem, Recording]]) -> None:
        """Queue those that Telnyx has; delays between checks grow with the age."""
        for due, entry in awaiting:
            age = self.now - seconds(entry.ended_at or entry.started_at or entry.requested_at)
            if age < TRANSCRIBED_SECONDS:
                continue
            why = self._ask(entry)
            if age >= GIVE_UP_SECONDS:
                self._give_up(due, entry, why)
            else:
                self.dependencies.store.move_due(due, int(self.now + min(age, LONGEST_PAUSE_SECONDS)))

    def _ask(self, entry: Recording) -> str:
        """Queue the transcript if Telnyx has it. Returns why it is missing."""
        try:
            found = self._found(entry)
        except NotAnswered as why:
            self._log("warning", "transcript not asked for", entry, reason=str(why))
            self.report.add(FAULTS)
            return str(why)
        if found is None:
            return "Telnyx lists none"
        if found.status == IN_PROGRESS:
            return "Telnyx has not completed it"
        job = ArchiveJob(
            kind="transcript",
            call_session_id=entry.call_session_id,
            call_leg_id=entry.call_leg_id,
            recording=entry.name,
            recording_id=found.recording_id,
            transcription_id=found.transcription_id,
            transcription_status=found.status,
        )
        self.dependencies.queue.put(job)
        self._log("warning", "transcript queued: it has not come", entry)
        self.report.add(TRANSCRIPTS)
        return "it was not archived"

    def _found(self, entry: Recording) -> TranscriptInfo | None:
        """The newest completed transcript, else any. Raises NotAnswered."""
        recording_id = entry.recording_id or self._recording_id(entry)
        found = self.questions.transcripts_of(recording_id) if recording_id else ()
        return min(found, key=lambda each: each.status == IN_PROGRESS, default=None)

    def _recording_id(self, entry: Recording) -> str:
        """Telnyx's recording id, which webhooks may lack; '' if Telnyx lists none, or several candidates."""
        listed = self.questions.recordings_of(entry.call_session_id)
        found = {each.recording_id for each in listed if is_listed_as(entry, each)}
        return found.pop() if len(found) == 1 else ""

    def _give_up(self, due: DueItem, entry: Recording, why: str) -> None:
        """Write to ledger and metadata that there will be no transcript.

        If the sweep dies before that, the next one raises the alarm again.
        """
        self.report.add(UNTRANSCRIBED)
        failed = (entry.transcription or Transcription())._replace(status=FAILED)
        if self.dependencies.store.mark_transcription(due, failed):
            reason = f"given up after {GIVE_UP_HOURS} hours: {why}"
            self._log("error", "transcript failed", entry, reason=reason)
            self.settle(due, entry)

    def settle(self, due: DueItem, entry: Recording) -> None:
        """Update the metadata from the ledger and remove the entry from the index."""
        job = ArchiveJob("metadata", entry.call_session_id, entry.call_leg_id, recording=entry.name)
        self.dependencies.queue.put(job)
        self.dependencies.store.drop_due(due)

    def _log(self, level: Level, message: str, entry: Recording, **more: object) -> None:
        fields = {
            "call_session_id": entry.call_session_id,
            "call_leg_id": entry.call_leg_id,
            "recording": entry.name,
        }
        self.report.log(level, message, fields | more)
