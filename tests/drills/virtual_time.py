"""The functions' own code on virtual time, and one thread at a time: nothing sleeps, and a seed repeats everything."""

import concurrent.futures
import sys
import time
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import archive.bucket
import dialtone.adapters.secrets
import lookup.backend_client
import reconcile.sweep
from tests.drills.processes import Processes

OURS = (
    *("archive", "campaigns", "control", "deliver", "dialtone", "events"),
    *("lookup", "reconcile", "watchdog", "webhook"),
)

JOIN_STEP_SECONDS = 0.05
"""How often it is looked whether a thread has ended."""


@dataclass(frozen=True, slots=True)
class VirtualTime:
    """Stands where the functions' modules import `time`."""

    processes: Processes

    def monotonic(self) -> float:
        """Seconds, by the drill's clock."""
        return self.processes.clock.now

    def time(self) -> float:
        """Unix time, by the drill's clock."""
        return self.processes.clock.datetime().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let others run meanwhile."""
        self.processes.wait(seconds)


class InOrder(Executor):
    """A pool that does at once what it is given: one of the orders that are possible."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 -- the executor's own
        """Do it."""
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **named))
        except BaseException as error:  # noqa: BLE001 -- as an executor does
            done.set_exception(error)
        return done


class VirtualThread:
    """A thread that is a process of its own on the drill's clock."""

    def __init__(self, processes: Processes, target: Callable[[], object]) -> None:
        self._processes = processes
        self._target = target
        self._ended = False

    def start(self) -> None:
        """Begin."""
        current = self._processes.current
        self._processes.start(current.function if current else "lookup", self._target, self._end)

    def join(self, seconds: float) -> None:
        """Wait for its end, no longer than that."""
        until = self._processes.clock.now + seconds
        while not self._ended and (left := until - self._processes.clock.now) > 0:
            self._processes.wait(min(left, JOIN_STEP_SECONDS))

    def _end(self) -> None:
        self._ended = True


@contextmanager
def virtual_time(processes: Processes, secrets_manager: object) -> Iterator[None]:
    """Let all modules of the functions that are loaded have the drill's time, threads and secrets meanwhile."""
    clock = VirtualTime(processes)
    threading = types.SimpleNamespace(
        Thread=lambda target, daemon: VirtualThread(processes, target)  # noqa: ARG005 -- Thread's own parameters
    )
    with ExitStack() as patched:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in OURS and getattr(module, "time", None) is time:
                patched.enter_context(patch.object(module, "time", clock))
        for owner in (archive.bucket, reconcile.sweep, concurrent.futures):
            patched.enter_context(patch.object(owner, "ThreadPoolExecutor", InOrder))
        patched.enter_context(patch.object(lookup.backend_client, "threading", threading))
        patched.enter_context(patch.object(dialtone.adapters.secrets, "_secrets_manager", lambda: secrets_manager))
        yield
