"""One sweep over the recordings and calls that are outstanding, within its time; what is left comes with the next."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from dialtone.domain.deadline import request_until
from dialtone.domain.errors import DialtoneError
from reconcile.outstanding import OutstandingCall
from reconcile.questions import Questions
from reconcile.report import CALLS, FAULTS, LEFT, OUTSTANDING, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.adapters.calls_table import DueItem
    from dialtone.adapters.telemetry import Observer
    from reconcile.dependencies import Dependencies
    from reconcile.questions import Telnyx

MAX_ITEMS = 2_000
"""In one sweep, the oldest first."""

CALLS_AT_ONCE = 8
"""Each waits for Telnyx most of its time. More would take Telnyx's rate limit from the callers on the line."""

RESERVED_SECONDS = 20.0
"""Of the function's time, beyond the deadline: the longest request may have begun just before it."""

CALL_SECONDS = 12.0
"""What one call may still take; with less before the deadline it is not begun."""

KNOWN_FAULTS = (DialtoneError, ClientError, BotoCoreError)
"""Errors of ours and of our dependencies, whose text says what is wrong. Any other is a bug in this program."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Makes sweeps."""

    dependencies: Dependencies
    telnyx: Telnyx
    observer: Observer
    calls_at_once: int = CALLS_AT_ONCE
    clock: Callable[[], float] = time.monotonic

    def run(self, now: float, deadline: float) -> Mapping[str, int]:
        """Look at what is due at that unix time; gives how often what was done.

        `deadline` is a reading of the monotonic clock, which nothing outlasts. Raises DeadlinePassed and botocore's
        errors where what is due cannot be read.
        """
        report, questions = Report(self.observer), Questions(self.telnyx)
        with request_until(deadline, "a sweep"):
            due = self.dependencies.store.due_items(now, MAX_ITEMS)
            report.add(OUTSTANDING, sum(bool(each.recording) for each in due))
            report.add(CALLS, sum(bool(each.leg_id) for each in due))
            if len(due) == MAX_ITEMS:
                report.add(LEFT)  # there may be more, and how many is not known
            with ThreadPoolExecutor(self.calls_at_once) as threads:
                looks = []
                for session, of_call in _by_call(due).items():
                    call = OutstandingCall(self.dependencies, questions, report, session, now)
                    # In a copy of this context, whose requests keep to the deadline.
                    looks.append(threads.submit(copy_context().run, partial(self._look, call, of_call, deadline)))
            for each in looks:
                each.result()
        return report.close()

    def _look(self, call: OutstandingCall, due: Sequence[DueItem], deadline: float) -> None:
        if deadline - self.clock() < CALL_SECONDS:
            call.report.add(LEFT, len(due))
            return
        try:
            call.look(due)
        except Exception as fault:  # noqa: BLE001 -- the calls behind it are looked at all the same
            known = isinstance(fault, KNOWN_FAULTS)
            fields = {"call_session_id": call.session, "fault": type(fault).__name__}
            fields |= {"reason": str(fault)} if known else {}
            call.report.log("warning" if known else "error", "call not looked at", fields, failed=not known)
            call.report.add(FAULTS)


def _by_call(due: Sequence[DueItem]) -> dict[str, list[DueItem]]:
    calls: dict[str, list[DueItem]] = {}
    for each in due:
        calls.setdefault(each.call_session_id, []).append(each)
    return calls
