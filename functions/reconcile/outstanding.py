"""Checks one phone call with open items: asks Telnyx for recordings that never came, and requeues archive jobs.

Every step is idempotent. An entry is moved to the next sweep before it is processed, on condition that no other sweep
has done so: two simultaneous sweeps share the work, and a sweep that dies leaves its entries to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dialtone.adapters.calls_table import DueItem
from dialtone.domain.recordings import COPIED, EXPECTED, FAILED, OPEN_STATUSES, SAVED, ArchiveJob
from reconcile.intake import take_in
from reconcile.live_transcripts import AwaitedLiveTranscripts
from reconcile.open_legs import OpenLegs
from reconcile.overdue import (
    CLOCK_SKEW_SECONDS,
    GIVE_UP_SECONDS,
    LONGEST_CALL_SECONDS,
    NEVER_TAKEN,
    NEXT_SWEEP_SECONDS,
    given_up,
    look_at,
    not_made,
    seconds,
    unlisted,
)
from reconcile.report import FAULTS, MISSING, NOT_MADE, OVERDUE, QUEUED, REFUSED
from reconcile.telnyx_listing import can_be_taken, new_to, was_never_asked_for, was_reported
from reconcile.telnyx_queries import NotAnswered
from reconcile.transcripts import AwaitedTranscripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dialtone.adapters.telemetry import Level
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording
    from reconcile.dependencies import Dependencies
    from reconcile.overdue import Look
    from reconcile.report import Report
    from reconcile.telnyx_queries import Questions


@dataclass(frozen=True, slots=True)
class _Looked:
    """An open entry, claimed by this sweep."""

    due: DueItem
    entry: Recording
    look: Look


@dataclass(frozen=True, slots=True)
class OutstandingCall:
    """One phone call in one sweep."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    session: str
    now: float
    """Unix seconds."""
    settled: set[str] = field(default_factory=set)
    """Names of the entries that failed in this sweep: they have an alarm of their own, or none."""

    def look(self, due: Sequence[DueItem]) -> None:
        """Process its recordings and legs that are due.

        Raises botocore's errors and DeadlinePassed; the next sweep continues.
        """
        claimed = {found.item: moved for found in due if (moved := self._claimed(found))}
        if not claimed:
            return
        recordings = {each.recording: each for each in claimed.values() if each.recording}
        legs = {leg.leg_id: leg for leg in self.dependencies.store.legs(self.session)}
        texts = [each for each in claimed.values() if each.text]
        try:
            AwaitedLiveTranscripts(self.dependencies, self.report, self.session, self.now).look(texts)
            self._look_at_recordings(recordings, legs)
        except Exception:  # an entry that cannot be settled must not keep its call open as well
            self._look_at_legs(claimed, legs)
            raise
        self._look_at_legs(claimed, legs)

    def _look_at_recordings(self, claimed: Mapping[str, DueItem], legs: Mapping[str, Call]) -> None:
        store = self.dependencies.store
        if claimed and self.dependencies.erased.has(self.session):
            self._refuse()
            return
        entries = store.recordings(self.session) if claimed else ()
        looked: list[_Looked] = []
        awaiting: list[tuple[DueItem, Recording]] = []
        transcripts = AwaitedTranscripts(self.dependencies, self.questions, self.report, self.now)
        for entry in entries:
            if entry.name in claimed and entry.status in OPEN_STATUSES:
                look = self._look_at(entry, legs.get(entry.call_leg_id))
                self.report.looked_at(look.age_seconds)
                looked.append(_Looked(claimed[entry.name], entry, look))
            elif entry.name in claimed and entry.awaits_transcript:
                awaiting.append((claimed[entry.name], entry))
            elif entry.name in claimed and entry.transcription and entry.transcription.status == FAILED:
                transcripts.settle(claimed[entry.name], entry)  # the previous sweep died in between
            elif entry.name in claimed:
                store.drop_due(claimed[entry.name])
        try:
            self._act(looked, entries, legs)
        finally:
            self._report_overdue(looked)
        for each in looked:
            if each.look.overdue:
                # An entry that was settled or taken in meanwhile has another due time, or none, and is not moved.
                store.move_due(each.due, each.look.next_at(self.now))
        transcripts.look(awaiting)

    def _refuse(self) -> None:
        """Delete recordings of an erased call at Telnyx; its entries may have come back with a backup of the table."""
        for entry in self.dependencies.erased.refuse(self.session):
            self._log("warning", "recording refused: its call was erased", entry)
            self.report.add(REFUSED)

    def _look_at_legs(self, claimed: Mapping[str, DueItem], legs: Mapping[str, Call]) -> None:
        open_legs = OpenLegs(self.dependencies, self.questions, self.report, self.now)
        for due, leg in self._open(claimed, legs):
            open_legs.look(due, leg)

    def _open(self, claimed: Mapping[str, DueItem], legs: Mapping[str, Call]) -> Iterator[tuple[DueItem, Call]]:
        """The legs to check: those that are due, and those that Telnyx was asked about because of a recording."""
        for leg in legs.values():
            item = DueItem.of_leg(leg)
            due = claimed.get(item.item)
            if due is None and leg.due_at and self.questions.said_over(leg.control_id):
                due = self._claimed(item)
            if due:
                yield due, leg

    def _act(self, looked: Sequence[_Looked], entries: Sequence[Recording], legs: Mapping[str, Call]) -> None:
        for each in looked:
            if each.look.do == "queue":
                self._queue_again(each.entry)
            elif each.look.do == "give up":
                self._fail(given_up(each.entry, "it was not archived"), was=(SAVED, COPIED))
        if asking := [each for each in looked if each.look.do == "ask"]:
            self._ask(asking, entries, legs)

    def _report_overdue(self, looked: Sequence[_Looked]) -> None:
        """Raise the alarm for each entry that is not settled, even if just taken in: it is not verified yet."""
        for each in looked:
            if each.look.overdue and each.entry.name not in self.settled:
                self.report.add(OVERDUE)
                self._log("warning", "recording overdue", each.entry, age_seconds=round(each.look.age_seconds))

    def _claimed(self, due: DueItem) -> DueItem | None:
        """The entry, moved to the next sweep; None if it is settled, or another sweep has claimed it."""
        until = int(self.now + NEXT_SWEEP_SECONDS)
        return due._replace(due_at=until) if self.dependencies.store.move_due(due, until) else None

    def _look_at(self, entry: Recording, leg: Call | None) -> Look:
        ended = self._ended(entry, leg) if entry.status == EXPECTED else None
        return look_at(entry, ended, self.now)

    def _ended(self, entry: Recording, leg: Call | None) -> float | None:
        """When an expected recording's leg ended, by the table or by Telnyx; None if it is open as far as is known."""
        asked_at = seconds(entry.requested_at)
        if leg is None or not (leg.ended_at or leg.control_id):
            return asked_at
        if leg.ended_at:
            return seconds(leg.ended_at)
        try:
            call = self.questions.find_call(leg.control_id)
        except NotAnswered as why:
            self._log("warning", "call not known to have ended", entry, reason=str(why))
            self.report.add(FAULTS)
            over_by = asked_at + LONGEST_CALL_SECONDS
            return over_by if over_by <= self.now else None
        if call and call.is_alive:
            return None
        ended = seconds(call.ended_at) if call and call.ended_at else 0.0
        return ended if asked_at <= ended <= self.now else asked_at

    def _ask(self, asking: Sequence[_Looked], entries: Sequence[Recording], legs: Mapping[str, Call]) -> None:
        """Take in recordings that Telnyx lists and the ledger lacks; settle those that Telnyx does not list in time."""
        try:
            listed = self.questions.recordings_of(self.session)
        except NotAnswered as why:
            self._unsettled(asking, str(why))
            return
        new = [each for each in new_to(entries, listed) if not was_reported(each, legs.values())]
        taken = [each for each in new if can_be_taken(each) and take_in(each, self.dependencies, self.report)]
        if taken:
            entries = self.dependencies.store.recordings(self.session)
        still = {each.name: each for each in entries if each.status == EXPECTED}
        for each in asking:
            entry = still.get(each.entry.name)
            if entry is None:
                continue
            if any(info not in taken and info.call_leg_id == entry.call_leg_id for info in new):
                self._unsettled([each], "Telnyx lists one that could not be taken in")
            elif each.look.overdue:
                impossible = self._why_not_made(entry, legs.get(entry.call_leg_id))
                self._fail(unlisted(entry, impossible, entries), was=(EXPECTED,), made=not impossible)

    def _why_not_made(self, entry: Recording, leg: Call | None) -> str:
        """Why a recording that Telnyx does not list cannot have started; '' if it may have."""
        if leg is None:
            return ""
        if shown := not_made(entry, leg):
            return shown
        try:
            began = seconds(leg.initiated_at or entry.requested_at) - CLOCK_SKEW_SECONDS
            taken = self.questions.commands_since(self.session, began)
        except NotAnswered as error:
            self._log("warning", "commands not known", entry, reason=str(error))
            return ""
        return NEVER_TAKEN if was_never_asked_for(entry, taken) else ""

    def _unsettled(self, asking: Sequence[_Looked], why: str) -> None:
        """Check entries again for a day while Telnyx does not answer."""
        for each in asking:
            self._log("warning", "recording not settled", each.entry, reason=why)
            if each.look.age_seconds >= GIVE_UP_SECONDS:
                self._fail(given_up(each.entry, why), was=(EXPECTED,))

    def _queue_again(self, entry: Recording) -> None:
        job = ArchiveJob(
            kind="audio",
            call_session_id=entry.call_session_id,
            call_leg_id=entry.call_leg_id,
            recording=entry.name,
            recording_id=entry.recording_id,
        )
        self.dependencies.queue.put(job)
        self._log("warning", "recording queued again: it was not archived", entry)
        self.report.add(QUEUED)

    def _fail(self, failed: Recording, *, was: tuple[str, ...], made: bool = True) -> None:
        """Settle an entry as failed.

        The alarm comes first: if the sweep dies in between, the next one raises it again. If the recording arrives at
        this moment, the entry stays as it is and the alarm was a false one.
        """
        self.settled.add(failed.name)
        self.report.add(MISSING if made else NOT_MADE)
        if self.dependencies.store.mark_recording(failed, was=was):
            self._log("error" if made else "info", "recording failed", failed, reason=failed.reason)

    def _log(self, level: Level, message: str, entry: Recording, **more: object) -> None:
        fields = {
            "call_session_id": entry.call_session_id,
            "call_leg_id": entry.call_leg_id,
            "recording": entry.name,
            "status": entry.status,
        }
        self.report.log(level, message, fields | more)
