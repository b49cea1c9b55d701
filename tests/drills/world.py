"""The whole system on virtual time: the carrier and all functions but the failover, with the real code of each.

What stands around it is in memory; every request goes through one gate. A seed repeats all that happens.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from archive.audio_source import Source
from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.transcripts import Transcripts
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.flow_library import FlowLibrary, read_numbers
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.lookup_function import ANSWER_TO, LOOKUP, LookupFunction
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.telemetry import Measure
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.events import parse_event
from dialtone.domain.lookups import FAILED, FOUND, NOT_FOUND, Lookup
from dialtone.domain.recordings import ArchiveJob
from dialtone.domain.watch import Look
from infra.carrier import API_KEY, WebhookFault
from infra.carrier.account import CONNECTION_ID
from infra.carrier.delivery import Settle
from infra.carrier.wire import Request
from infra.flowkit.scripted_backends import NEVER
from infra.flowkit.stage import EndState, Stage, StrictObserver, timeless, timeless_recording
from lookup.answer_delivery import NotTaken, Webhook
from lookup.backend_client import BackendClient
from lookup.service import LookupService
from lookup.settings import tokens_from
from reconcile.dependencies import Dependencies
from reconcile.sweep import Sweep
from tests.drills.addresses import GatedAddresses
from tests.drills.aws_memory import (
    QUEUE_URL,
    AuditedTable,
    FunctionFailed,
    Gated,
    MemoryBucket,
    MemoryFunctions,
    MemoryQueue,
    MemorySecrets,
    Queues,
)
from tests.drills.gate import Gate, Weather
from tests.drills.processes import Processes
from tests.drills.receivers import CHATS
from tests.drills.telnyx_network import PUBLIC_URL, GatedDownloader, GatedTelnyx, Transport
from tests.drills.virtual_time import virtual_time
from tests.simulation.plays import Play
from watchdog.watchdog import Watchdog
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor
from webhook.queue_answers import QueueAnswers

T = TypeVar("T")

STARTS = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
SWEEP_SECONDS = 300.0
LIVENESS_SECONDS = 6 * 3_600.0
"""Within so long after the last fault everything is settled: the archive's own tries take three quarters of an hour,
messages of processes that died come again after half an hour each, and a leg is looked at every quarter of an hour."""
AGAIN_SECONDS = (0.0, 0.004, 0.5, 30.0, 59.0, 61.0, 600.0)
"""How long after a webhook a stray copy of it comes: Telnyx remembers a command id for 60 s."""
ARCHIVE_MILLIS, SWEEP_TIME_SECONDS = 300_000, 130.0
"""What each function has by template.yaml, for the sweep without its reserve."""
WATCHDOG_QUEUE_URL, LOOK_VISIBILITY_SECONDS = "https://sqs.invalid/watchdog", 60.0
LOST_SECONDS = 60.0
"""After so long Lambda ends a function that hangs."""
TOKENS = '{"crm.example.com": "token"}'
LOCK_STEP_SECONDS = 0.005
BAD_GATEWAY = 502


@cache
def library_of(flows: Path) -> FlowLibrary:
    """The flows of a folder, read once."""
    return FlowLibrary.open(flows)


@dataclass(slots=True)
class Noted(StrictObserver):
    """Counts what the functions measure; a fault of ours is kept for the world to raise."""

    measured: Counter[str] = field(default_factory=Counter)

    def measure(self, *measures: Measure) -> None:
        """Add values up."""
        for each in measures:
            self.measured[each.name] += int(each.value)


class VirtualLock:
    """A lock that a process may hold while it waits on virtual time."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._held = False

    def __enter__(self) -> None:
        while self._held:
            self._processes.wait(LOCK_STEP_SECONDS)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Lambda's context on virtual time."""

    processes: Processes
    ends: float

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        return int((self.ends - self.processes.clock.now) * 1_000)


class World(Stage):
    """A phone line, its functions and everything around them, on virtual time."""

    def __init__(  # noqa: PLR0913 -- what may go wrong, each with its share
        self,
        *,
        seed: int,
        flows: Path,
        weather: Weather | None = None,
        webhook_faults: dict[WebhookFault, float] | None = None,
        copied: float = 0.0,
        again: tuple[float, ...] = AGAIN_SECONDS,
        queued_twice: float = 0.0,
        spoilt: float = 0.0,
        odd_answer: Callable[[bytes], bytes] = lambda body: body,
        table: AuditedTable | None = None,
    ) -> None:
        super().__init__(seed=seed, flows=flows, faults=webhook_faults, library=library_of(flows), start=STARTS)
        self.flows = flows
        self.chance = random.Random(seed)
        self.processes = Processes(self.carrier.clock)
        self.gate = Gate(self.processes, random.Random(seed + 1), weather or Weather(), died=self._restart)
        self.table: AuditedTable = table or AuditedTable()
        queued, stored = random.Random(seed + 2), random.Random(seed + 4)
        self.bucket = MemoryBucket(spoils=lambda: stored.random() < spoilt)
        twice = lambda: queued.random() < queued_twice  # noqa: E731 -- drawn for each message
        self.queue = MemoryQueue(self.carrier.clock, self._archive, twice)
        self.looks = MemoryQueue(self.carrier.clock, self._look, twice, visibility_seconds=LOOK_VISIBILITY_SECONDS)
        functions = MemoryFunctions(self.gate, self._do, lambda name, asked: self._leave(name, asked))  # noqa: PLW0108 -- a method
        clients: dict[str, object] = {
            "dynamodb": self.table,
            "sqs": Queues({QUEUE_URL: self.queue, WATCHDOG_QUEUE_URL: self.looks}),
            "s3": self.bucket,
            "lambda": functions,
            "secretsmanager": MemorySecrets({"telnyx": API_KEY, "tokens": TOKENS, "chats": CHATS}),
        }
        self.aws: dict[str, Any] = {name: Gated(name, client, self.gate) for name, client in clients.items()}
        self.checked = CallsTable(self.table, "calls")  # type: ignore[arg-type] # in memory
        """The table as checks read it, past the gate."""
        self.noted = Noted()
        self.settled = False
        self.placed: list[str] = []
        """The sessions of the calls that were played."""
        self._odd_answer = odd_answer
        self._copied = copied
        self._again = again
        self._copies_to_come = 0
        self._placing = False
        self._time: AbstractContextManager[None] = virtual_time(self.processes, self.aws["secretsmanager"])
        self.carrier.public_url = PUBLIC_URL
        self.carrier._deliveries._launch = self._launch  # noqa: SLF001 -- the carrier's own delivers one after the other
        self.carrier.pump.run = self._run  # type: ignore[method-assign] # its own holds the lock that processes need
        self.observer = self.noted
        for function in ("webhook", "archive", "lookup", "reconcile", "watchdog"):
            self._restart(function)
        self.carrier.clock.after(SWEEP_SECONDS, self._sweep)

    def __enter__(self) -> Self:
        self._time.__enter__()
        return self

    def __exit__(self, *exit_: object) -> None:
        self.processes.close()
        self._time.__exit__(None, None, None)

    def play(self, *plays: Play) -> None:
        """Let these calls happen at once, and time pass until all is settled, or should be."""
        self._placing = True
        self.placed = [play(self) for play in plays]
        self._placing = False
        self.carrier.run()

    def record_itself(self) -> None:
        """Let the numbers record each call by themselves, so that no ledger expects that recording."""
        application = self.carrier.exchange.applications[CONNECTION_ID]
        self.carrier.add_application(replace(application, records_incoming_calls=True), read_numbers(self.flows))

    def end_state(self, session: str) -> EndState:
        """As Stage's: what is left of the call, without what depends on when its events were delivered."""
        legs = tuple(timeless(leg) for leg in self.checked.legs(session))
        recordings = tuple(timeless_recording(each) for each in self.checked.recordings(session))
        jobs = [ArchiveJob.from_json(each.body) for each in self.queue.messages]
        return EndState(legs, recordings, frozenset((job.kind, job.recording != "") for job in jobs))

    def library(self) -> FlowLibrary:
        """The flows that take new calls."""
        return library_of(self.flows)

    def unix(self) -> float:
        """The time of all clocks."""
        return self.carrier.clock.datetime().timestamp()

    # --- The functions, each as it is after its start -----------------------------------------------------------

    def _restart(self, function: str) -> None:
        """Start a function anew: it knows nothing that is not stored."""
        telnyx, store = self._telnyx(), CallsTable(self.aws["dynamodb"], "calls")
        if function == "webhook":
            self.processor = EventProcessor(
                store,
                replace(self.library(), kept=store, _earlier={}),
                telnyx,
                ArchiveQueue(self.aws["sqs"], QUEUE_URL),
                LookupFunction(self.aws["lambda"], "lookup", "webhook"),
                WatchdogQueue(self.aws["sqs"], WATCHDOG_QUEUE_URL),
                now_seconds=self.unix,
                queues=QueueAnswers(telnyx, store),
            )
            verifier = self.endpoint.verifier
            self.endpoint = Endpoint(verifier, self.processor, self.noted)  # type: ignore[arg-type] # it only counts
        elif function == "archive":
            bucket = RecordingsBucket(self.aws["s3"], "recordings")
            erased = ErasedCalls(self.aws["s3"], "recordings", store, telnyx)
            source = Source(telnyx, GatedDownloader(self.gate, self.carrier.handle))
            self._consumer = Consumer(
                Archive(Custody(store, bucket, source, erased.has), Transcripts(store, bucket, telnyx), erased),
                self.aws["sqs"],
                self.noted,  # type: ignore[arg-type] # as above
                max_receives=5,
                now_seconds=self.unix,
                clock=lambda: self.carrier.clock.now,
            )
        elif function == "lookup":
            backends = BackendClient(self.aws["lambda"], self._secret("tokens", tokens_from))
            backends._addresses = GatedAddresses(self.gate, self._do)  # type: ignore[assignment] # noqa: SLF001 -- urllib3's own
            self._lookups = LookupService(
                backends,
                Webhook(self.aws["lambda"], self.processes.wait),
                self.noted,  # type: ignore[arg-type] # as above
                now=lambda: self.carrier.clock.datetime(),  # noqa: PLW0108 -- its argument has a default
            )
        elif function == "reconcile":
            deliver = WebhookFunction(self.aws["lambda"]).deliver
            queue = ArchiveQueue(self.aws["sqs"], QUEUE_URL)
            erased = ErasedCalls(self.aws["s3"], "recordings", store, telnyx)
            published = FlowVersionsTable(self.aws["dynamodb"], "calls")
            dependencies = Dependencies(store, queue, lambda event: deliver(event, "webhook"), erased, published)
            self._sweeps = Sweep(dependencies, telnyx, self.noted, clock=lambda: self.carrier.clock.now)  # type: ignore[arg-type] # as above

        elif function == "watchdog":
            deliver = WebhookFunction(self.aws["lambda"]).deliver
            self._watchdog = Watchdog(
                store,
                telnyx,
                WatchdogQueue(self.aws["sqs"], WATCHDOG_QUEUE_URL),
                lambda event: deliver(event, "webhook"),
                self.noted,  # type: ignore[arg-type] # as above
                self.unix,
            )

    def _telnyx(self) -> GatedTelnyx:
        return GatedTelnyx(
            self._secret("telnyx", lambda _, text: text),
            Transport(self.gate, self.carrier.handle, self._odd_answer),
            clock=lambda: self.carrier.clock.now,
            sleep=self.processes.wait,
            now_seconds=self.unix,
        )

    def _secret(self, name: str, read: Callable[[str, str], T]) -> CachedSecret[T]:
        lock: Any = VirtualLock(self.processes)
        return CachedSecret(name, read, clock=lambda: self.carrier.clock.now, _lock=lock)

    # --- What makes them run ------------------------------------------------------------------------------------

    def _launch(self, request: Request, timeout_seconds: float, settle: Settle) -> None:
        """Deliver in a process; what is answered after the time-out is not heard."""
        settled: list[float] = []

        def settle_once(status: int | None, failure: str) -> None:
            if not settled:
                settled.append(self.carrier.clock.now)
                settle(status, failure)

        self.received.append(parse_event(request.body))
        gone = lambda: settle_once(BAD_GATEWAY, "")  # noqa: E731 -- what API Gateway answers for a process that died
        self.processes.start("webhook", lambda: settle_once(self._answer(request), ""), gone)
        self.carrier.clock.after(timeout_seconds, lambda: settle_once(None, "time-out"))
        if self.chance.random() < self._copied:
            self._copies_to_come += 1
            self.carrier.clock.after(self.chance.choice(self._again), lambda: self._copy(request))

    def _copy(self, request: Request) -> None:
        self._copies_to_come -= 1
        self.processes.start("webhook", lambda: self._answer(request))

    def _answer(self, request: Request) -> int:
        gateway = {"body": request.body.decode(), "headers": dict(request.headers), "isBase64Encoded": False}
        return self._status(self.endpoint.respond(gateway))

    def _archive(self, event: Mapping[str, Any], took: Callable[[], None]) -> None:
        """Let the archive have a message."""

        def work() -> None:
            left: Any = TimeLeft(self.processes, self.carrier.clock.now + ARCHIVE_MILLIS / 1_000)
            if not self._consumer.consume(dict(event), left)["batchItemFailures"]:
                took()
            self._check()

        self.processes.start("archive", work)

    def _look(self, event: Mapping[str, Any], took: Callable[[], None]) -> None:
        """Let the watchdog have a message."""

        def work() -> None:
            try:
                for record in event["Records"]:
                    self._watchdog.look(Look.from_json(record["body"]))
            except Exception as fault:
                if not self._is_dependency_fault(fault):
                    raise
                self.noted.measured["Errors"] += 1  # of the function: the message comes again
            else:
                took()
            self._check()

        self.processes.start("watchdog", work)

    def _do(self, function: str, asked: Any) -> Any:  # noqa: ANN401 -- any JSON
        """Let a function answer that is waited for."""
        if function == "webhook":
            response = self.endpoint.handle(asked)
            self._status(response)
            return response
        how = self.systems.answering.get(function)
        if how is None or how.result == FAILED:
            raise FunctionFailed(function)
        self.processes.wait(LOST_SECONDS if how.result == NEVER else how.after_seconds)
        return {FOUND: dict(how.values), NOT_FOUND: None}[how.result]

    def _leave(self, function: str, asked: Any) -> None:  # noqa: ANN401 -- as above
        assert function == "lookup"
        self.processes.start("lookup", lambda: self._look_up(asked))

    def _look_up(self, asked: Any) -> None:  # noqa: ANN401 -- as above
        try:
            self._lookups.answer(Lookup.from_json(asked[LOOKUP]), asked[ANSWER_TO])
        except NotTaken:
            self.noted.measured["Errors"] += 1  # of the function, for whose errors there is an alarm

    def _sweep(self) -> None:
        """Sweep every five minutes; and look whether there is anything left to wait for."""
        self.settled = self.is_settled()
        if self.settled:
            return

        def work() -> None:
            # Where it fails as a whole, the schedule tries again, and its dead letters ring.
            try:
                self._sweeps.run(self.unix(), self.carrier.clock.now + SWEEP_TIME_SECONDS)
            except Exception as fault:
                if not self._is_dependency_fault(fault):
                    raise
                self.noted.measured["SweepsIncomplete"] += 1
            self._check()

        self.processes.start("reconcile", work)
        self.carrier.clock.after(SWEEP_SECONDS, self._sweep)

    @staticmethod
    def _is_dependency_fault(fault: Exception) -> bool:
        from reconcile.sweep import KNOWN_FAULTS  # noqa: PLC0415 -- beside its use

        return isinstance(fault, KNOWN_FAULTS)

    def _check(self) -> None:
        if self.noted.fault:
            raise self.noted.fault

    def is_settled(self) -> bool:
        """Whether nothing is to come any more."""
        weather = self.gate.weather
        return (
            not self._placing
            and self.carrier.clock.now >= max([weather.until, *(until for _, until in weather.outages.values())])
            and self.processes.at_work == 0
            and self._copies_to_come == 0
            and not self.queue.open
            and not self.looks.open
            and all(leg.ended is not None for leg in self.carrier.legs)
            and not any("due_shard" in item for item in self.table.items())
            and self._is_compared()
        )

    def _is_compared(self) -> bool:
        """Whether a sweep has compared all recordings with the ledger: nothing else may know of one."""
        clock = self.carrier.clock
        saved = [clock.datetime(each.saved).timestamp() for each in self.carrier.recordings.saved() if each.saved]
        return not saved or max(saved) < (self.checked.compared_until() or 0)

    def _run(self, until: float | None, when: Callable[[], bool] | None) -> bool:
        """As Pump.run, without its lock, and no longer than until all is settled."""
        pump, clock = self.carrier.pump, self.carrier.clock
        if self._placing:
            return False
        ends = self.gate.weather.until + LIVENESS_SECONDS if until is None else until
        while not (when is not None and when()) and not self.settled:
            due = clock.next_due()
            if due is None or due > ends:
                return False
            clock.step()
            pump.urgent()
        return True
