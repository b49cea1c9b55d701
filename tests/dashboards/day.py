"""An afternoon of a phone line on virtual time, as CloudWatch would see it: the functions' own metrics, and AWS's.

The functions' metrics are those that their code measures. AWS's are taken where AWS takes them, around the functions
and their requests; how long these take is assumed, and stands here.
"""

from __future__ import annotations

import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeVar

from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure
from infra.carrier import BEEP, Caller, HangUp, Hear, Press, Say, Silence
from infra.carrier.account import BUSY, CALLEES, MACHINE, NO_ANSWER, PERSON
from infra.carrier.delivery import Settle
from infra.carrier.wire import Request
from infra.checkout import SAMPLES
from infra.demo import scenes
from infra.watching.log_query import Record
from infra.watching.measurements import Measurements, Name
from infra.watching.stack import DEFAULTS
from tests.benchmarks.cost import item_bytes
from tests.drills.gate import Gate, Weather
from tests.drills.world import Noted, World

T = TypeVar("T")

NAMESPACE = f"Dialtone/{DEFAULTS['StackName']}"
HOURS = 4.0
CALLS_AN_HOUR = 60
OUTAGE = (3.45, 3.6)
"""Telnyx's API does not answer, in hours since the beginning."""
SAMPLE_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 900.0
"""Of the last call: its recording is archived, and swept over."""

JITTER_SECONDS = {"telnyx": 0.12, "dynamodb": 0.008, "sqs": 0.01, "s3": 0.05, "storage": 0.2, "lambda": 0.02}
GATEWAY_MILLIS = (3.0, 12.0)
KEPT_WARM_SECONDS = 420.0
STARTS_SECONDS = {"webhook": (0.35, 0.6)}
"""How long a new environment takes to wake from its snapshot; of every other function, to start."""
OTHER_STARTS_SECONDS = (0.8, 1.3)
MEMORY_MB = {"webhook": (1769, 148), "archive": (1024, 171), "watchdog": (512, 129), "reconcile": (512, 133)}
"""What a function has, and what it uses at most: as in template.yaml, and assumed."""
FUNCTIONS = {"webhook": "Webhook", "archive": "Archive", "watchdog": "Watchdog", "reconcile": "Reconcile"}
MEGABYTE = 1_000_000
WRITE_UNIT, READ_UNIT, IN_A_TRANSACTION = 1_024, 4_096, 2

CALLERS: Mapping[str, tuple[int, str, Caller]] = {
    "leaves a message": (24, "+15550100", scenes.IVR.script),
    "listens to the hours": (
        30,
        "+15550100",
        Caller(Hear("Welcome"), Press("1", after=3), Hear("opening-hours"), Silence(9), HangUp()),
    ),
    "says a word": (
        12,
        "+15550100",
        Caller(Hear("Welcome"), Press("2", after=2), BEEP, Say(9, "Please call me."), Press("#"), Hear("Thank you")),
    ),
    "hangs up at once": (7, "+15550100", Caller(Hear("Welcome"), HangUp(after=1))),
    "presses nothing": (5, "+15550100", Caller(Silence(200))),
    "presses wrong keys": (3, "+15550100", Caller(*[Press("7", after=7)] * 8)),
    "pays": (19, "+15550102", scenes.RECORDED.script),
}
"""Who calls which number and does what, and how many of a hundred do."""

ANNOUNCED_TO = (PERSON, PERSON, PERSON, MACHINE, NO_ANSWER, BUSY)
ANNOUNCEMENT_SECONDS = 420.0


class WallClock(Verifier):
    """The carrier signs with the time of the wall, not with that of the day."""

    def __init__(self, real: Verifier) -> None:
        self._real = real

    def verify(self, body: bytes, headers: Mapping[str, str], now_seconds: float) -> None:
        """As Verifier's, now."""
        del now_seconds
        self._real.verify(body, headers, time.time())


@dataclass(slots=True)
class Metered(Noted):
    """Keeps what the functions measure, each by its service."""

    day: Day | None = None

    def measure(self, *measures: Measure) -> None:
        """Note it at the day's time."""
        assert self.day
        process = self.day.processes.current
        assert process
        for each in measures:
            name = Name.of(NAMESPACE, each.name, {"service": process.function, **each.dimensions})
            self.day.measured.add(name, self.day.unix(), each.value)


@dataclass(slots=True)
class Environments:
    """A function's execution environments: those that are free, by when they were used last."""

    free: list[float] = field(default_factory=list)
    running: int = 0

    def take(self, now: float) -> bool:
        """Whether one is warm."""
        self.free = [used for used in self.free if now - used < KEPT_WARM_SECONDS]
        self.running += 1
        return bool(self.free and self.free.pop())

    def put(self, now: float) -> None:
        """Give it back."""
        self.running -= 1
        self.free.append(now)


class Day(World):
    """Callers who call, people who are rung, and everything that CloudWatch receives meanwhile."""

    def __init__(
        self,
        seed: int,
        hours: float = HOURS,
        outage: tuple[float, float] | None = OUTAGE,
        calls_an_hour: float = CALLS_AN_HOUR,
    ) -> None:
        self.measured = Measurements()
        self.logs: dict[str, list[Record]] = defaultdict(list)
        outages = {"telnyx": (outage[0] * 3_600, outage[1] * 3_600)} if outage else {}
        self._environments: dict[str, Environments] = defaultdict(Environments)
        self._arrived: dict[int, float] = {}
        super().__init__(seed=seed, flows=SAMPLES, weather=Weather(jitter_seconds=JITTER_SECONDS, outages=outages))
        self._drawn = random.Random(seed + 7)
        self.begins = self.unix()
        self._hours, self._calls_an_hour = hours, calls_an_hour
        for number, callee in CALLEES.items():
            self.carrier.add_callee(number, callee)
        self._start_plainly = self.processes.start
        self.processes.start = self._start  # type: ignore[method-assign] # every invocation is counted
        dynamodb = self.aws["dynamodb"]
        dynamodb._client = MeteredTable(dynamodb._client, self._of_table)  # noqa: SLF001 -- around the memory
        dynamodb._gate = MeteredGate(self.gate, self)  # noqa: SLF001 -- as above

    def run(self) -> None:
        """Let it pass."""
        seconds, clock = self._hours * 3_600, self.carrier.clock
        self._placing = True
        clock.after(SAMPLE_SECONDS, self._sample)
        at = 0.0
        while (at := at + self._drawn.expovariate(self._calls_an_hour * _busy(at / seconds) / 3_600)) < seconds:
            clock.after(at, self._somebody_calls)
        for number in range(int(seconds / ANNOUNCEMENT_SECONDS)):
            clock.after((number + 0.5) * ANNOUNCEMENT_SECONDS, self._announce)
        pump = self.carrier.pump
        while (due := clock.next_due()) is not None and due < seconds + ENDS_WITHIN_SECONDS:
            clock.step()
            pump.urgent()

    # --- What happens ------------------------------------------------------------------------------------------------

    def _somebody_calls(self) -> None:
        shares, numbers, scripts = zip(*CALLERS.values(), strict=True)
        [(number, script)] = self._drawn.choices(list(zip(numbers, scripts, strict=True)), shares)
        self.carrier.call(f"+1555{self._drawn.randint(1000, 9999)}", number, script)

    def _announce(self) -> None:
        self.place(self._drawn.choice(ANNOUNCED_TO), "announcement")

    # --- What AWS measures -------------------------------------------------------------------------------------------

    def _restart(self, function: str) -> None:
        if not isinstance(self.noted, Metered):
            self.noted = Metered(day=self)
            self.observer = self.noted
        super()._restart(function)
        if function == "webhook":
            verifier = WallClock(self.endpoint.verifier)
            self.endpoint = replace(self.endpoint, verifier=verifier, now_seconds=self.unix)

    def _start(self, function: str, work: Callable[[], object], ended: Callable[[], object] = lambda: None) -> None:
        current = self.processes.current
        if current and current.function == function:  # a thread of its own
            self._start_plainly(function, work, ended)
        else:
            self._start_plainly(function, lambda: self._invoked(function, work), ended)

    def _invoked(self, function: str, work: Callable[[], object]) -> None:
        clock, environments = self.carrier.clock, self._environments[function]
        record: Record = {"@type": "REPORT", "@message": ""}
        warm = environments.take(clock.now)
        self._of_function(function, "ConcurrentExecutions", environments.running)
        if not warm:
            takes = self._drawn.uniform(*STARTS_SECONDS.get(function, OTHER_STARTS_SECONDS))
            self.processes.wait(takes)
            woken = {"@message": f"Restore Duration: {takes * 1e3:.2f} ms"}
            record |= woken if function in STARTS_SECONDS else {"@initDuration": takes * 1e3}
        began, failed = clock.now, 1
        try:
            work()
            failed = 0
        finally:
            environments.put(clock.now)
            millis = (clock.now - began) * 1e3
            self._of_function(function, "Duration", millis)
            self._of_function(function, "Errors", failed)
            self._of_function(function, "Throttles", 0)
            has, uses = MEMORY_MB.get(function, (512, 120))
            memory = {"@memorySize": has * MEGABYTE, "@maxMemoryUsed": (uses - self._drawn.random() * 9) * MEGABYTE}
            if function in FUNCTIONS:
                self.logs[f"{FUNCTIONS[function]}LogGroupName"].append({**record, "@duration": millis, **memory})

    def _launch(self, request: Request, timeout_seconds: float, settle: Settle) -> None:
        self._arrived[id(request)] = self.carrier.clock.now
        super()._launch(request, timeout_seconds, settle)

    def _answer(self, request: Request) -> int:
        status = super()._answer(request)
        took = (self.carrier.clock.now - self._arrived.pop(id(request))) * 1e3 + self._drawn.uniform(*GATEWAY_MILLIS)
        self._of_api("Latency", took)
        self._of_api("5xx", status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        self._of_api("4xx", HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR)
        return status

    def _sample(self) -> None:
        """What AWS measures of queues, every minute."""
        now = self.carrier.clock.now
        for name, queue in (("Archive", self.queue), ("Watchdog", self.looks)):
            visible = sum(each.visible_at <= now and each.receives == 0 for each in queue.open)
            self._of_queue(f"{name}QueueName", "ApproximateNumberOfMessagesVisible", visible)
            self._of_queue(f"{name}DeadLetterQueueName", "ApproximateNumberOfMessagesVisible", len(queue.dead))
        self._of_queue("ReconcileDeadLetterQueueName", "ApproximateNumberOfMessagesVisible", 0)
        age = max((now - each.sent_at for each in self.queue.open), default=0)
        self._of_queue("ArchiveQueueName", "ApproximateAgeOfOldestMessage", age)
        self.carrier.clock.after(SAMPLE_SECONDS, self._sample)

    def _of_function(self, function: str, metric: str, value: float) -> None:
        name = f"{function.capitalize()}FunctionName"
        self.measured.add(Name.of("AWS/Lambda", metric, {"FunctionName": name}), self.unix(), value)
        if metric == "Duration":
            self.measured.add(Name.of("AWS/Lambda", "Invocations", {"FunctionName": name}), self.unix())

    def _of_api(self, metric: str, value: float) -> None:
        self.measured.add(Name.of("AWS/ApiGateway", metric, {"ApiId": "HttpApiId"}), self.unix(), value)

    def _of_queue(self, queue: str, metric: str, value: float) -> None:
        self.measured.add(Name.of("AWS/SQS", metric, {"QueueName": queue}), self.unix(), value)

    def _of_table(self, metric: str, value: float, operation: str = "") -> None:
        dimensions = {"TableName": "CallsTableName", **({"Operation": operation} if operation else {})}
        self.measured.add(Name.of("AWS/DynamoDB", metric, dimensions), self.unix(), value)


class MeteredGate:
    """The gate, with a clock beside it."""

    def __init__(self, gate: Gate, day: Day) -> None:
        self._gate, self._day = gate, day
        self.processes = gate.processes

    def request(self, service: str, operation: str, effect: Callable[[], T], patience_seconds: float) -> T:
        """As Gate's."""
        began = self._day.carrier.clock.now
        answer = self._gate.request(service, operation, effect, patience_seconds)
        self._day._of_table("SuccessfulRequestLatency", (self._day.carrier.clock.now - began) * 1e3, operation)  # noqa: SLF001 -- its own
        return answer


class MeteredTable:
    """The table in memory, with the units that its requests take."""

    def __init__(self, table: Any, tell: Callable[[str, float], None]) -> None:  # noqa: ANN401 -- boto's own
        self._table, self._tell = table, tell

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- boto's own
        found = getattr(self._table, name)
        if not callable(found) or name == "exceptions":
            return found
        return lambda **parameters: self._answer(found, parameters)

    def _answer(self, of: Callable[..., Any], parameters: dict[str, Any]) -> Any:  # noqa: ANN401 -- boto's own
        answer = of(**parameters)
        puts = [each["Put"]["Item"] for each in parameters.get("TransactItems", ()) if "Put" in each]
        if puts:
            units = IN_A_TRANSACTION * sum(math.ceil(item_bytes(item) / WRITE_UNIT) for item in puts)
            self._tell("ConsumedWriteCapacityUnits", units)
        elif isinstance(answer, dict):
            items = [
                *answer.get("Items", ()),
                *(item for each in answer.get("Responses", {}).values() for item in each),
            ]
            self._tell(
                "ConsumedReadCapacityUnits", max(1, sum(math.ceil(item_bytes(item) / READ_UNIT) for item in items))
            )
        return answer


def _busy(share: float) -> float:
    """How busy it is, against the average: most in the middle of the day."""
    return 0.6 + 0.8 * math.sin(math.pi * share)
