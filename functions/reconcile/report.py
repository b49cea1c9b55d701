"""A sweep's report: log lines, metrics and counts. Shared by threads."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

from dialtone.adapters.telemetry import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.telemetry import Level, Observer

OUTSTANDING, LEFT, FAULTS = "outstanding", "left", "faults"
CALLS, CLOSED, READ_BACK = "calls", "calls_closed", "read_back"
RECOVERED, QUEUED, OVERDUE, MISSING, NOT_MADE = "recovered", "queued_again", "overdue", "missing", "not_made"
REFUSED = "refused"
TRIALS_ENDED = "trials_ended"
TRANSCRIPTS, UNTRANSCRIBED = "transcripts", "transcripts_missing"

_AT_ONCE = {
    OVERDUE: "RecordingsOverdue",
    MISSING: "RecordingsMissing",
    CLOSED: "CallsClosed",
    UNTRANSCRIBED: "TranscriptsMissing",
    TRIALS_ENDED: "TrialsEnded",
}
"""Metrics with alarms: emitted before the sweep acts, so that it cannot die in between."""

_AT_THE_END = {
    OUTSTANDING: "RecordingsOutstanding",
    RECOVERED: "RecordingsRecovered",
    QUEUED: "RecordingsQueuedAgain",
    NOT_MADE: "RecordingsNotMade",
}


class Report:
    """One sweep's report."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter({OUTSTANDING: 0})
        self._oldest = 0.0

    def add(self, what: str, count: int = 1) -> None:
        """Add to a count."""
        if not count and what not in self._counts:
            return
        with self._lock:
            self._counts[what] += count
            if what in _AT_ONCE:
                self._observer.measure(Measure(_AT_ONCE[what], count))

    def looked_at(self, age_seconds: float) -> None:
        """Note how long a recording has been unverified."""
        with self._lock:
            self._oldest = max(self._oldest, age_seconds)

    def log(self, level: Level, message: str, fields: Mapping[str, Any], *, failed: bool | Exception = False) -> None:
        """Write a log line."""
        with self._lock:
            self._observer.log(level, message, fields, failed=failed)

    def close(self) -> Mapping[str, int]:
        """Write the summary; return the counts."""
        counts = dict(self._counts)
        incomplete = [Measure("SweepsIncomplete")] if counts.get(LEFT) or counts.get(FAULTS) else []
        self._observer.log("warning" if incomplete else "info", "swept", counts)
        measures = [Measure(_AT_THE_END[what], count) for what, count in counts.items() if what in _AT_THE_END]
        oldest = [Measure("OldestRecordingAge", round(self._oldest), "Seconds")] if self._oldest else []
        self._observer.measure(*measures, *incomplete, *oldest)
        return counts
