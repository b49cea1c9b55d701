"""Moves the clock: time passes only while nothing is in flight."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from infra.carrier.clock import Clock
from infra.carrier.delivery import Settle
from infra.carrier.wire import Post, Request, UndeliveredError

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
        self._broken: Exception | None = None
        self._paced_from: tuple[float, float] | None = None
        self.urgent: Callable[[], None] = lambda: None

    @property
    def threaded(self) -> bool:
        """Say whether webhooks are delivered by threads of their own."""
        return self._pool is not None

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
        except Exception as error:  # noqa: BLE001 - nobody looks at a delivery's thread: `run` raises it
            self._broken = error
        with self.changed:
            self._in_flight -= 1
            settle(*answer)
            self.changed.notify_all()

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Hold the lock around something from outside, at the current virtual instant; wakes the clock afterwards."""
        with self.changed:
            self._catch_up()
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
        with self.changed:
            self._set_pace()
            try:
                return self._run(until, when)
            finally:
                self._paced_from = None

    def _run(self, until: float | None, when: Callable[[], bool] | None) -> bool:
        while not self._stopped:
            if self._broken is not None:
                raise self._broken
            if when is not None and when():
                return True
            due = self._clock.next_due()
            if self._in_flight and (due is None or due > self._clock.now):
                self.changed.wait()
                self._set_pace()
            elif until is not None and (due is None or due > until):
                if self._is_time(until):
                    self._clock.move_to(until)
                    return False
            elif due is None:
                return False
            elif self._is_time(due):
                self._clock.step()
                self.urgent()
        return False

    def _set_pace(self) -> None:
        """Count wall time from here: what passed while something was in flight is not caught up with."""
        self._paced_from = (time.monotonic(), self._clock.now)

    def _paced(self) -> float | None:
        """Return the virtual time that it should be by the wall clock; None without a pace or while nothing runs."""
        if self.pace is None or self._paced_from is None or self._in_flight:
            return None
        wall, virtual = self._paced_from
        return virtual + (time.monotonic() - wall) * self.pace

    def _catch_up(self) -> None:
        """Move a paced clock to where the wall clock is, so that a key is pressed when it is pressed."""
        paced = self._paced()
        if paced is not None:
            due = self._clock.next_due()
            self._clock.move_to(paced if due is None else min(due, paced))

    def _is_time(self, due: float) -> bool:
        """Say whether a time has come; with a pace, wait for it, but no longer than until something changes."""
        paced = self._paced()
        if self.pace is None or paced is None or paced >= due:
            return True
        self.changed.wait((due - paced) / self.pace)
        return False

    def stop(self) -> None:
        """End a run and the delivery threads."""
        with self.changed:
            self._stopped = True
            self.changed.notify_all()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
