"""Webhooks in processes of their own, on virtual time: while one waits for a dependency, others go on.

Each runs in a thread, and one of all threads at a time: what happens depends on the seed alone.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome
from dialtone.domain.events import parse_event
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import Stage
from webhook.endpoint import HANDLING_SECONDS
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from dialtone.adapters.telnyx_api import TakenCommand
    from dialtone.domain.commands import Command
    from infra.carrier import WebhookFault
    from infra.carrier.clock import Clock
    from infra.carrier.delivery import Settle
    from infra.carrier.wire import Request
    from infra.flowkit.stage import CarrierApi

TABLE_SECONDS = 0.006
TELNYX_SECONDS = 0.06
SLOW_SECONDS = (0.3, 6.0)
"""How long a slow request takes to come to Telnyx: also longer than anybody waits for its answer."""
ANSWER_SECONDS = 1.5
PAUSE_SECONDS = 0.5
SHORTEST_SECONDS = 0.1
AGAIN_SECONDS = (30.0, 61.0, 600.0)
"""How long after a webhook a stray copy of it comes."""


class Killed(BaseException):
    """The process is gone: no code of ours may catch this."""


class Process:
    """One webhook being handled."""

    def __init__(self, began: float) -> None:
        self.ends = began + HANDLING_SECONDS
        self.runs = threading.Semaphore(0)


class Processes:
    """Lets processes take turns on the carrier's clock, and kills some while they wait."""

    def __init__(self, clock: Clock, chance: random.Random, killed: float) -> None:
        self.clock = clock
        self.killed = 0
        self._chance = chance
        self._share = killed
        self._of_thread = threading.local()
        self._back = threading.Semaphore(0)
        self._broken: BaseException | None = None

    @property
    def current(self) -> Process | None:
        """The one that is running; None for what runs beside them."""
        return getattr(self._of_thread, "process", None)

    def start(self, work: Callable[[], object]) -> None:
        """Let a process do that, from the next moment on."""
        self.clock.after(0.0, lambda: self._started(work))

    def _started(self, work: Callable[[], object]) -> None:
        process = Process(self.clock.now)

        def run() -> None:
            process.runs.acquire()
            self._of_thread.process = process
            try:
                work()
            except Killed:
                self.killed += 1
            except BaseException as error:  # noqa: BLE001 -- raised on the thread of the test
                self._broken = error
            finally:
                self._back.release()

        threading.Thread(target=run, daemon=True).start()
        self._resume(process)

    def _resume(self, process: Process) -> None:
        process.runs.release()
        self._back.acquire()
        if self._broken is not None:
            raise self._broken

    def wait(self, seconds: float) -> None:
        """Let virtual time pass for the running process, and others run meanwhile."""
        process = self.current
        if process is None:
            return
        self.clock.after(seconds, lambda: self._resume(process))
        self._back.release()
        process.runs.acquire()
        if self._chance.random() < self._share:
            raise Killed

    def left(self) -> float:
        """How long the running process may still wait."""
        return self.current.ends - self.clock.now if self.current else HANDLING_SECONDS


class SlowTable(MemoryTable):
    """A table that takes its time, and does not answer those who have none left."""

    def __init__(self, processes: Processes) -> None:
        super().__init__()
        self._processes = processes

    def batch_get_item(self, **request: Any) -> Any:  # noqa: ANN401 -- boto's own
        return self._in_time(super().batch_get_item, request)

    def transact_write_items(self, **request: Any) -> Any:  # noqa: ANN401 -- boto's own
        return self._in_time(super().transact_write_items, request)

    def update_item(self, **request: Any) -> Any:  # noqa: ANN401 -- boto's own
        return self._in_time(super().update_item, request)

    def _in_time(self, obey: Callable[..., Any], request: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- as above
        self._processes.wait(TABLE_SECONDS / 2)
        if self._processes.left() < 0:
            raise ReadTimeoutError(endpoint_url="dynamodb")
        answer = obey(**request)
        self._processes.wait(TABLE_SECONDS / 2)
        return answer


@dataclass(slots=True)
class SlowTelnyx:
    """The carrier's API, some requests to which are slow: they are obeyed, though nobody waits for it any more."""

    api: CarrierApi
    processes: Processes
    chance: random.Random
    share: float
    slow: int = 0

    def send(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        """As TelnyxApi: once more with the same id, where time is left for it."""
        outcome = self._attempt(asked, command_id, deadline)
        if outcome.kind == "unavailable" and self.processes.left() > PAUSE_SECONDS + SHORTEST_SECONDS:
            self.processes.wait(PAUSE_SECONDS)
            outcome = self._attempt(asked, command_id, deadline)
        return outcome

    def _attempt(self, asked: Command, command_id: str, deadline: float) -> Outcome:
        waits = min(ANSWER_SECONDS, self.processes.left())
        if waits < SHORTEST_SECONDS:
            return Outcome("unavailable", 0, reason="deadline")
        takes = TELNYX_SECONDS
        if self.processes.current and self.chance.random() < self.share:
            self.slow += 1
            takes = self.chance.uniform(*SLOW_SECONDS)
        if takes < waits:
            self.processes.wait(takes / 2)
            outcome = self.api.send(asked, command_id, deadline)
            self.processes.wait(takes / 2)
            return outcome
        self.processes.clock.after(takes, lambda: self._arrives(asked, command_id, deadline))
        self.processes.wait(waits)
        return Outcome("unavailable", 1, reason="timeout")

    def _arrives(self, asked: Command, command_id: str, deadline: float) -> None:
        self.api.send(asked, command_id, deadline)

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """One after the other: the order in which they arrive is one of those that are possible."""
        return [self.send(command, command_id, deadline) for command, command_id in asked]

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        """As the carrier lists them."""
        self.processes.wait(TELNYX_SECONDS)
        return self.api.commands_since(call_session_id, since_seconds, deadline)


@dataclass(slots=True)
class Copies:
    """Which webhooks come once more, and when."""

    chance: random.Random
    share: float
    came: int = 0

    def after(self) -> float | None:
        """Seconds after the webhook; None for most."""
        if self.chance.random() >= self.share:
            return None
        self.came += 1
        return self.chance.choice(AGAIN_SECONDS)


class ConcurrentStage(Stage):
    """A stage whose webhooks overlap."""

    def __init__(  # noqa: PLR0913 -- what may go wrong, each with its share
        self,
        *,
        seed: int,
        flows: Path,
        slow: float = 0.0,
        copied: float = 0.0,
        killed: float = 0.0,
        faults: dict[WebhookFault, float] | None = None,
    ) -> None:
        super().__init__(seed=seed, flows=flows, faults=faults)
        self.processes = Processes(self.carrier.clock, random.Random(seed + 2), killed)
        self.table = SlowTable(self.processes)
        self.store = CallsTable(self.table, "calls")  # type: ignore[arg-type] # in memory
        self.telnyx = SlowTelnyx(self.api, self.processes, random.Random(seed), slow)
        self.copies = Copies(random.Random(seed + 1), copied)
        self.processor = EventProcessor(
            self.store,
            FlowLibrary.open(flows, self.store),
            self.telnyx,
            self.jobs,  # type: ignore[arg-type] # a list
            self.systems,
            now_seconds=lambda: self.carrier.clock.now,
        )
        self.endpoint = type(self.endpoint)(
            self.endpoint.verifier,
            self.processor,
            self.observer,  # type: ignore[arg-type] # for nobody
            handling_seconds=float("inf"),  # what the processes have is counted on virtual time
        )
        self.carrier._deliveries._launch = self._launch  # noqa: SLF001 -- the carrier's own delivers one after the other
        self.carrier.pump.run = self._run  # type: ignore[method-assign] # its own holds the lock that processes need

    def _launch(self, request: Request, timeout_seconds: float, settle: Settle) -> None:
        """Deliver in a process; what is answered after the time-out is not heard."""
        settled: list[float] = []

        def settle_once(status: int | None, failure: str) -> None:
            if not settled:
                settled.append(self.carrier.clock.now)
                settle(status, failure)

        self.told.append(parse_event(request.body))
        self.processes.start(lambda: settle_once(self._answer(request), ""))
        self.carrier.clock.after(timeout_seconds, lambda: settle_once(None, "time-out"))
        if (later := self.copies.after()) is not None:
            self.carrier.clock.after(later, lambda: self.processes.start(lambda: self._answer(request)))

    def _answer(self, request: Request) -> int:
        gateway = {"body": request.body.decode(), "headers": dict(request.headers), "isBase64Encoded": False}
        return self._status(self.endpoint.respond(gateway))

    def _run(self, until: float | None, when: Callable[[], bool] | None) -> bool:
        """As Pump.run, without its lock."""
        pump, clock = self.carrier.pump, self.carrier.clock
        while not (when is not None and when()):
            due = clock.next_due()
            if due is None or (until is not None and due > until):
                if until is not None:
                    clock.move_to(until)
                return False
            clock.step()
            pump.urgent()
        return True

    def obeyed_twice(self) -> dict[str, int]:
        """The ids of commands that the carrier has obeyed more than once, and how often."""
        sessions = {leg.session.id: leg.session for leg in self.carrier.legs}
        taken = Counter(
            str(each["metadata"]["raw"].get("command_id"))
            for session in sessions.values()
            for each in session.commands
            if each["name"] not in REPEATABLE
        )
        return {command_id: times for command_id, times in taken.items() if times > 1 and command_id != "None"}


REPEATABLE = frozenset({"hangup", "client_state_update"})
"""What ends a leg ends it once, and a state set twice is set once."""
