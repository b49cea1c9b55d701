"""Moves the clock: time passes only while nothing is in flight."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.carrier.wire import Post, Request, UndeliveredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.carrier.clock import Clock
    from infra.carrier.delivery import Settle

#: How many webhooks are on their way at once over a real network.
DELIVERY_THREADS = 8


class Pump:
    """The one lock around the carrier's state, the webhooks in flight, and the loop that lets time pass.

    With `threads` 0 webhooks are posted synchronously, on the thread that runs the clock or sends the command;
    otherwise by a bounded pool. `pace` is virtual seconds per wall second, or None for as fast as possible.
    """

    def __init__(self, clock: Clock, post: Post, *, threads: int, pace: float | None) -> None:
        self.changed = threading.Condition()  # its lock is re-entrant
        self.pace = pace
        self._clock = clock
        self._post = post
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="webhook") if threads else None
        self._in_flight = 0
        self._stopped = False
        self.urgent: Callable[[], None] = lambda: None

    def launch(self, request: Request, timeout_seconds: float, settle: Settle) -> None:
        """Take a webhook on its way; called with the lock held."""
        if self._pool is None:
            settle(*self._posted(request, timeout_seconds))
            return
        self._in_flight += 1
        self._pool.submit(self._deliver, request, timeout_seconds, settle)

    def _posted(self, request: Request, timeout_seconds: float) -> tuple[int | None, str]:
        try:
            return self._post(request, timeout_seconds), ""
        except UndeliveredError as error:
            return None, str(error)

    def _deliver(self, request: Request, timeout_seconds: float, settle: Settle) -> None:
        answer: tuple[int | None, str] = (None, "the delivery failed inside the carrier")
        try:
            answer = self._posted(request, timeout_seconds)
        finally:
            with self.changed:
                self._in_flight -= 1
                settle(*answer)
                self.changed.notify_all()

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Hold the lock around something from outside, at the current virtual instant; wakes the clock afterwards."""
        with self.changed:
            yield
            self.urgent()
            self.changed.notify_all()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Let no time pass meanwhile: for work outside that has to finish at this virtual instant."""
        with self.changed:
            self._in_flight += 1
        try:
            yield
        finally:
            with self.changed:
                self._in_flight -= 1
                self.changed.notify_all()

    def run(self, until: float | None, when: Callable[[], bool] | None) -> bool:
        """Let time pass until nothing is due, or `until` is reached, or `when()` holds; True if `when` held."""
        started, begun = time.monotonic(), self._clock.now
        with self.changed:
            while not self._stopped:
                if when is not None and when():
                    return True
                due = self._clock.next_due()
                if self._in_flight and (due is None or due > self._clock.now):
                    self.changed.wait()
                elif due is None or (until is not None and due > until):
                    if until is not None:
                        self._clock.move_to(until)
                    return False
                elif not self._too_early(due, started, begun):
                    self._clock.step()
                    self.urgent()
        return False

    def _too_early(self, due: float, started: float, begun: float) -> bool:
        """Wait for wall time where there is a pace; True if something may have changed meanwhile."""
        if self.pace is None:
            return False
        wait = (due - begun) / self.pace - (time.monotonic() - started)
        if wait <= 0:
            return False
        self.changed.wait(wait)
        self._clock.move_to(min(due, begun + (time.monotonic() - started) * self.pace))
        return True

    def stop(self) -> None:
        """End a run and the delivery threads."""
        with self.changed:
            self._stopped = True
            self.changed.notify_all()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
