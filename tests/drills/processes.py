"""Functions in processes of their own, on virtual time: while one waits for a dependency, others go on.

Each runs in a thread, and one of all threads at a time: what happens depends on the seed alone.
"""

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

from infra.carrier.clock import Clock

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: no code of ours may catch this."""


class UnknownRequest(BaseException):
    """A request that tests/drills/io_points.py does not list."""


class Process:
    """A function at work."""

    def __init__(self, function: str, runs: threading.Semaphore) -> None:
        self.function = function
        self.runs = runs
        self.dead = False
        """It does nothing more, not even tidy up after its own death."""


class Processes:
    """Lets processes take turns on a virtual clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at_work = 0
        self.closed = False
        self._of_thread = threading.local()
        self._waiting: set[Process] = set()
        self._back = threading.Semaphore(0)
        self._broken: BaseException | None = None

    @property
    def current(self) -> Process | None:
        """The one that is running; None for what runs beside them."""
        return getattr(self._of_thread, "process", None)

    def start(self, function: str, work: Callable[[], object], ended: Callable[[], object] = lambda: None) -> None:
        """Let a process do that, from the next moment on; `ended` is called when it ends, and when it dies."""
        self.at_work += 1
        self.clock.after(0.0, lambda: self._started(function, work, ended))

    def _started(self, function: str, work: Callable[[], object], ended: Callable[[], object]) -> None:
        process = Process(function, threading.Semaphore(0))

        def run() -> None:
            process.runs.acquire()
            self._of_thread.process = process
            try:
                contextvars.Context().run(work)
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 -- raised on the thread of the drill
                self._broken = error
            finally:
                self._of_thread.process = None
                self.at_work -= 1
                try:
                    ended()
                finally:
                    self._back.release()

        threading.Thread(target=run, daemon=True).start()
        self._resume(process)

    def within(self, function: str, work: Callable[[], T]) -> T:
        """Let the running process wait for another that does that. Raises Killed if that one dies."""
        caller = self.current
        if caller is None:
            raise LookupError("nobody is running who could wait for it")
        self._of_thread.process = Process(function, caller.runs)
        try:
            return contextvars.Context().run(work)
        finally:
            self._of_thread.process = caller

    def _resume(self, process: Process) -> None:
        self._waiting.discard(process)
        process.runs.release()
        self._back.acquire()
        if self._broken is not None:
            raise self._broken

    def wait(self, seconds: float) -> None:
        """Let virtual time pass for the running process, and others run meanwhile."""
        process = self.current
        if process is None:
            return
        if self.closed:
            raise Killed
        self._waiting.add(process)
        self.clock.after(seconds, lambda: self._resume(process))
        self._back.release()
        process.runs.acquire()
        if process.dead or self.closed:
            raise Killed

    def die(self) -> None:
        """End the running process."""
        if self.current:
            self.current.dead = True
        raise Killed

    def close(self) -> None:
        """End all that still wait."""
        self.closed, self._broken = True, None
        for process in list(self._waiting):
            self._resume(process)
