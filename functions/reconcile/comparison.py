"""Compares all of Telnyx's recent recordings with the ledger, including those that the ledger does not expect.

The table stores up to which time they were compared, and each sweep continues there, so an outage of any length leaves
no gap. A recording that cannot be taken in holds that time back for a week; then it is given up, with an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from reconcile.intake import take_in
from reconcile.overdue import DELIVERIES_SECONDS
from reconcile.report import FAULTS, LEFT, MISSING, REFUSED
from reconcile.telnyx_listing import can_be_taken, created_seconds, is_of_application, new_to, was_reported
from reconcile.telnyx_queries import NotAnswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dialtone.adapters.telnyx_api import RecordingInfo
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report
    from reconcile.telnyx_queries import Questions

    Together = Callable[[Iterable[tuple[str, Callable[[], None]]]], None]
    """Checks several calls in parallel, each by its session."""

FIRST_SECONDS = 1_200
"""How far back a new stack's first comparison begins: earlier recordings are not the stack's."""

OVERLAP_SECONDS = 300
"""How long after its creation a recording may appear in Telnyx's list."""

STRETCH_SECONDS = 1_200
"""The first interval compared after an outage; usually it is the time since the previous sweep. If an interval fills no
page, the next is twice as long: a line with few recordings needs few requests, however long the outage."""

GIVE_UP_DAYS = 7
"""Longer than any outage, so that one failed attempt after an outage is not the end."""
GIVE_UP_SECONDS = GIVE_UP_DAYS * 86_400

MOST_PAGES = 40
"""Pages of Telnyx's list in one sweep: ten thousand recordings, of all applications of the account."""


@dataclass(slots=True)
class Comparison:
    """One sweep's comparison."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    now: float
    """Unix seconds."""
    has_time: Callable[[], bool]
    """Whether there is time for another call before the sweep's deadline."""
    together: Together
    pages: int = 0
    held: list[float] = field(default_factory=list)
    """Creation times of recordings that could not be taken in yet. Threads append to it."""

    def run(self) -> None:
        """Compare what was created since the last sweep. Raises botocore's errors and DeadlinePassed."""
        newest = int(self.now) - DELIVERIES_SECONDS
        compared = self.dependencies.store.compared_until()
        until = newest - FIRST_SECONDS if compared is None else compared
        stretch = STRETCH_SECONDS
        try:
            while until < newest:
                next_until, before = min(until + stretch, newest), self.pages
                listed = self._listed(until - OVERLAP_SECONDS, next_until)
                if listed is None:
                    self.report.add(LEFT)
                    break
                self.together((session, _Look(self, session, found)) for session, found in listed.items())
                until = next_until
                stretch = stretch * 2 if self.pages == before + 1 else STRETCH_SECONDS
        except NotAnswered as why:
            self.report.log("warning", "recordings not compared", {"reason": str(why)})
            self.report.add(FAULTS)
        until = int(min([until, *self.held]))
        if compared is None or until > compared:
            self.dependencies.store.note_compared(until)

    def _listed(self, since: float, until: float) -> dict[str, list[RecordingInfo]] | None:
        """All recordings created in this period, by call; None if time ran out before the last page.

        Raises NotAnswered.
        """
        calls: dict[str, list[RecordingInfo]] = {}
        for page in count(1):
            if self.pages == MOST_PAGES or not self.has_time():
                return None
            self.pages += 1
            found = self.questions.recordings_created(since, until, page)
            for each in found.recordings:
                calls.setdefault(each.call_session_id, []).append(each)
            if not found.more:
                break
        calls.pop("", None)
        return calls


@dataclass(frozen=True, slots=True)
class _Look:
    """One call, with the recordings that Telnyx lists."""

    comparison: Comparison
    session: str
    listed: Sequence[RecordingInfo]

    def __call__(self) -> None:
        """Take in what the ledger lacks. Recordings that cannot be settled are held, whatever happens."""
        if not self.comparison.has_time():
            self.comparison.report.add(LEFT)
            self.comparison.held.extend(map(created_seconds, self.listed))
            return
        unsettled = self.listed
        try:
            unsettled = [each for each in self._lacking() if not self._is_settled(each)]
        finally:
            self._hold(unsettled)

    def _lacking(self) -> list[RecordingInfo]:
        """Recordings of our calls that the ledger lacks. Those of an erased call are deleted at Telnyx."""
        store, erased = self.comparison.dependencies.store, self.comparison.dependencies.erased
        new = new_to(store.recordings(self.session), self.listed)
        legs = store.legs(self.session) if new else ()
        lacking = [each for each in new if is_of_application(each, legs) and not was_reported(each, legs)]
        if not lacking or not erased.has(self.session):
            return lacking
        erased.refuse(self.session)
        self.comparison.report.log(
            "warning", "recording refused: its call was erased", {"call_session_id": self.session}
        )
        self.comparison.report.add(REFUSED, len(lacking))
        return []

    def _is_settled(self, listed: RecordingInfo) -> bool:
        return can_be_taken(listed) and take_in(listed, self.comparison.dependencies, self.comparison.report)

    def _hold(self, unsettled: Iterable[RecordingInfo]) -> None:
        """Let the next sweep try again, for a week."""
        for each in unsettled:
            created = created_seconds(each)
            if self.comparison.now - created < GIVE_UP_SECONDS:
                self.comparison.held.append(created)
                continue
            self.comparison.report.add(MISSING)
            fields = {"call_session_id": self.session, "recording_id": each.recording_id}
            why = f"given up after {GIVE_UP_DAYS} days: it could not be taken in"
            self.comparison.report.log("error", "recording failed", fields | {"reason": why})
