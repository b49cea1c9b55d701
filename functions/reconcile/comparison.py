"""All recordings that Telnyx has made lately, compared with the ledger: those that nothing in it waits for, too.

The table keeps until when they were compared; each sweep goes on from there, so that an outage of whatever length
leaves no gap. What cannot be taken in now holds that time back for a week, and is then given up, with an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from reconcile.intake import take_in
from reconcile.listing import can_be_taken, created_seconds, is_of_application, new_to, was_reported
from reconcile.overdue import DELIVERIES_SECONDS
from reconcile.report import FAULTS, LEFT, MISSING, REFUSED
from reconcile.telnyx_queries import NotAnswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dialtone.adapters.telnyx_api import RecordingInfo
    from reconcile.dependencies import Dependencies
    from reconcile.report import Report
    from reconcile.telnyx_queries import Questions

    Together = Callable[[Iterable[tuple[str, Callable[[], None]]]], None]
    """Looks at several calls at once, each by its session."""

FIRST_SECONDS = 1_200
"""How far the first comparison of a stack looks back: what was recorded before that is not the stack's."""

OVERLAP_SECONDS = 300
"""How much later than it was created a recording may come into Telnyx's list."""

STRETCH_SECONDS = 1_200
"""What is compared at once after an outage, at first; usually it is the time since the sweep before. A stretch after
one that filled no page is twice as long: a line with few recordings needs few questions, however long the outage."""

GIVE_UP_DAYS = 7
"""Longer than any outage: what is taken in after one is not given up for having failed once."""
GIVE_UP_SECONDS = GIVE_UP_DAYS * 86_400

MOST_PAGES = 40
"""Of Telnyx's list in one sweep: ten thousand recordings, of all applications of the account."""


@dataclass(slots=True)
class Comparison:
    """Of one sweep."""

    dependencies: Dependencies
    questions: Questions
    report: Report
    now: float
    """Unix seconds."""
    has_time: Callable[[], bool]
    """Whether another call may be begun before the sweep's deadline."""
    together: Together
    pages: int = 0
    held: list[float] = field(default_factory=list)
    """When those were created that could not be taken in yet. Threads add to it."""

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
        """By call, all that were created within these times; None without time for all pages. Raises NotAnswered."""
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
    """At one call and what Telnyx lists of it."""

    comparison: Comparison
    session: str
    listed: Sequence[RecordingInfo]

    def __call__(self) -> None:
        """Take in what the ledger lacks. What is not settled is held, whatever happens."""
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
        """Those of our calls that are not known, unless the call was erased: then they are deleted at Telnyx."""
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
        """Let the next sweep look at them again, unless a week has not helped."""
        for each in unsettled:
            created = created_seconds(each)
            if self.comparison.now - created < GIVE_UP_SECONDS:
                self.comparison.held.append(created)
                continue
            self.comparison.report.add(MISSING)
            fields = {"call_session_id": self.session, "recording_id": each.recording_id}
            why = f"given up after {GIVE_UP_DAYS} days: it could not be taken in"
            self.comparison.report.log("error", "recording failed", fields | {"reason": why})
