"""Sweeps over open recordings and calls within a time limit; the next sweep does the rest."""

from __future__ import annotations

import time
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.domain.deadline import request_until
from dialtone.domain.errors import DialtoneError
from reconcile.comparison import Comparison
from reconcile.outstanding import OutstandingCall
from reconcile.report import CALLS, FAULTS, LEFT, OUTSTANDING, Report
from reconcile.telnyx_queries import Questions
from reconcile.trials import TrialWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Observer
    from reconcile.dependencies import Dependencies
    from reconcile.telnyx_queries import Telnyx

MAX_ITEMS = 2_000
"""Items per sweep, oldest first."""

CALLS_AT_ONCE = 8
"""Each mostly waits for Telnyx. More would use up the rate limit that live calls need."""

RESERVED_SECONDS = 20.0
"""Kept of the function's time after the deadline: the longest request may have begun just before it."""

CALL_SECONDS = 12.0
"""A call is not begun with less time than this before the deadline."""

KNOWN_FAULTS = (DialtoneError, ClientError, BotoCoreError)
"""Errors of ours and of our dependencies, with an explanatory text. Any other error is a bug."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs sweeps."""

    dependencies: Dependencies
    telnyx: Telnyx
    observer: Observer
    calls_at_once: int = CALLS_AT_ONCE
    clock: Callable[[], float] = time.monotonic

    def run(self, now: float, deadline: float) -> Mapping[str, int]:
        """Process the items due at that unix time; return the counts.

        `deadline` is a reading of the monotonic clock at which everything ends. Raises DeadlinePassed and botocore's
        errors if the due items cannot be read.
        """
        report, questions = Report(self.observer), Questions(self.telnyx)
        with request_until(deadline, "a sweep"):
            due = self.dependencies.store.due_items(now, MAX_ITEMS)
            report.add(OUTSTANDING, sum(bool(each.recording or each.text) for each in due))
            report.add(CALLS, sum(bool(each.leg_id) for each in due))
            if len(due) == MAX_ITEMS:
                report.add(LEFT)  # there may be more, in unknown number
            has_time = lambda: deadline - self.clock() >= CALL_SECONDS  # noqa: E731 -- asked before each call
            with ThreadPoolExecutor(self.calls_at_once) as threads:
                together = partial(_together, threads, report)
                calls = _by_call(due)
                outstanding = [OutstandingCall(self.dependencies, questions, report, each, now) for each in calls]
                together((each.session, partial(_look, each, calls[each.session], has_time)) for each in outstanding)
                comparison = Comparison(self.dependencies, questions, report, now, has_time, together)
                _guarded(report, "recordings not compared", {}, comparison.run)
            trials = TrialWatch(self.dependencies.store, self.dependencies.publications, report, now)
            _guarded(report, "trial not judged", {}, trials.look)
        return report.close()


def _look(call: OutstandingCall, due: Sequence[DueItem], has_time: Callable[[], bool]) -> None:
    if has_time():
        call.look(due)
    else:
        call.report.add(LEFT, len(due))


def _together(threads: Executor, report: Report, looks: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Process several calls in parallel, in copies of this context, so that their requests keep to the deadline."""
    guarded = (partial(_guarded, report, "call not looked at", {"call_session_id": each}, look) for each, look in looks)
    begun = [threads.submit(copy_context().run, each) for each in guarded]
    for each in begun:
        each.result()


def _guarded(report: Report, message: str, fields: Mapping[str, str], look: Callable[[], None]) -> None:
    """Process one call; report a failure without stopping the others."""
    try:
        look()
    except Exception as fault:  # noqa: BLE001 -- as above
        known = isinstance(fault, KNOWN_FAULTS)
        more = {"fault": type(fault).__name__} | ({"reason": str(fault)} if known else {})
        report.log("warning" if known else "error", message, {**fields, **more}, failed=not known)
        report.add(FAULTS)


def _by_call(due: Sequence[DueItem]) -> dict[str, list[DueItem]]:
    calls: dict[str, list[DueItem]] = {}
    for each in due:
        calls.setdefault(each.call_session_id, []).append(each)
    return calls
