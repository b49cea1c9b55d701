"""DynamoDB and SQS by moto or in memory, every request counted and any of them failing; a Telnyx that remembers."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.calls_table import CallsTable, StoreUnavailable, TimelineEntry
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome, TakenCommand
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.errors import TelnyxUnavailable
from dialtone.domain.events import Event
from dialtone.domain.lookups import Lookup
from dialtone.domain.recordings import Recording
from infra.flowkit.memory_table import MemoryTable
from webhook.processor import EventProcessor, EventResult

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import GlobalSecondaryIndexTypeDef, KeySchemaElementTypeDef
    from mypy_boto3_sqs import SQSClient


Fault = Literal["lost", "unanswered", "dies before", "dies after"]
FAULTS: tuple[Fault, ...] = ("lost", "unanswered", "dies before", "dies after")
"""A request that never arrives, one that takes effect and whose answer is lost, the end of the process around it."""

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1, "mode": "standard"}, proxies={})
"""Faults reach our code instead of being hidden by botocore, and no test waits for its back-off. To look for proxies in
the environment takes longer than all the rest of opening a client."""

DELIVERIES = 60
"""More than any plan of faults can spoil."""

FOR_EVER = float("inf")


class Died(BaseException):
    """The process is gone: no code of ours may catch this."""


@dataclass(slots=True)
class Faults:
    """Which of the requests, counted over all dependencies, meet which fault."""

    plan: Mapping[int, Fault] = field(default_factory=dict)
    place: int = 0

    def next(self) -> Fault | None:
        fault = self.plan.get(self.place)
        self.place += 1
        return fault


class Wire:
    """What goes to AWS, be that moto or this process's memory: every request by the name of its operation."""

    def __init__(self, faults: Faults) -> None:
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self.serially = threading.RLock()
        """moto's transactions are not atomic among threads, DynamoDB's are."""
        self.at_commit: Callable[[], object] = lambda: None
        """Called before each commit: a barrier lets two threads meet there."""
        self._faults = faults
        self._met = threading.local()

    def tap(self, client: Any) -> Any:  # noqa: ANN401 -- any of boto's clients
        client.meta.events.register_first("before-send", self._leaves)
        client.meta.events.register_last("before-send", self._answered)
        return client

    def leaves(self, operation: str, body: bytes) -> None:
        """Note a request, and let it meet its fault if that comes before it takes effect."""
        if operation == "TransactWriteItems":
            self.at_commit()
        self._met.fault = self._faults.next()
        self.requests.append(operation)
        self.bodies.append(body)
        if self._met.fault == "lost":
            raise ConnectTimeoutError(endpoint_url=operation)
        if self._met.fault == "dies before":
            raise Died

    def answered(self, operation: str) -> None:
        """Let the answer of the request meet its fault."""
        if self._met.fault == "unanswered":
            raise ReadTimeoutError(endpoint_url=operation)
        if self._met.fault == "dies after":
            raise Died

    def _leaves(self, request: Any, event_name: str, **_: object) -> None:  # noqa: ANN401 -- botocore's own request
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        self.leaves(event_name.rpartition(".")[2], body)
        if ".dynamodb." in event_name:
            self.serially.acquire()

    def _answered(self, request: Any, event_name: str, **_: object) -> None:  # noqa: ANN401 -- botocore's own request
        del request
        if ".dynamodb." in event_name:
            self.serially.release()
        self.answered(event_name.rpartition(".")[2])


class Tapped:
    """A client in memory on the wire: its requests are counted and fail as boto3's do."""

    def __init__(self, client: object, wire: Wire) -> None:
        self._client = client
        self._wire = wire

    def __getattr__(self, method: str) -> Callable[..., object]:
        obey = getattr(self._client, method)
        operation = method.title().replace("_", "")

        def request(**parameters: object) -> object:
            self._wire.leaves(operation, json.dumps(parameters, default=repr).encode())
            answer = obey(**parameters)
            self._wire.answered(operation)
            return answer

        return request


class MemoryQueue:
    """SQS in memory: what is received is gone."""

    def __init__(self) -> None:
        self._bodies: defaultdict[str, list[str]] = defaultdict(list)

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> object:  # noqa: N803 -- boto's own names
        del DelaySeconds
        self._bodies[QueueUrl].append(MessageBody)
        return {}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int) -> object:  # noqa: N803 -- as above
        bodies = self._bodies[QueueUrl]
        received, self._bodies[QueueUrl] = bodies[:MaxNumberOfMessages], bodies[MaxNumberOfMessages:]
        return {"Messages": [{"Body": body} for body in received]}


class AcceptingTelnyx:
    """Obeys a command id once, as long as it remembers it; refuses the actions that a test names."""

    def __init__(
        self, faults: Faults | None = None, clock: Clock | None = None, *, remembers_seconds: float = FOR_EVER
    ) -> None:
        self.asked: list[str] = []
        """The ids of all that was sent."""
        self.obeyed: list[tuple[str, Command]] = []
        self.refuses: dict[str, Outcome] = {}
        """By action, or by action and the party rung: `dial +15550191`."""
        self.groups: list[tuple[str, ...]] = []
        """The actions of commands that came together."""
        self.client_state = ""
        """Of the last command that left one: echoed on the leg's webhooks."""
        self._faults = faults or Faults()
        self._clock = clock or Clock()
        self._remembers_seconds = remembers_seconds
        self._known: dict[str, tuple[float, Command]] = {}

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        del deadline
        self.asked.append(command_id)
        fault = self._faults.next()
        if fault == "dies before":
            raise Died
        if fault == "lost":
            return Outcome("unavailable", 2, reason="connection", detail="ConnectError")
        outcome = self._obey(command, command_id)
        if fault == "dies after":
            raise Died
        return Outcome("unavailable", 2, reason="timeout") if fault == "unanswered" else outcome

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Any order may be the one in which they arrive: each time another one comes first."""
        self.groups.append(tuple(command.action for command, _ in asked))
        turned = self._faults.place % len(asked)
        came = {
            command_id: self.send(command, command_id, deadline)
            for command, command_id in (*asked[turned:], *asked[:turned])
        }
        return [came[command_id] for _, command_id in asked]

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        """The commands that were obeyed; it answers with their ids, as the simulated carrier does."""
        del call_session_id, deadline
        if self._faults.next() is not None:
            raise TelnyxUnavailable("timeout", 2, None)
        return [
            TakenCommand(command.action, "", json.dumps({"command_id": command_id}))
            for command_id, (at, command) in self._known.items()
            if at >= since_seconds
        ]

    def _obey(self, command: Command, command_id: str) -> Outcome:
        if command_id in self._known:
            since, known = self._known[command_id]
            assert known == command, f"{command_id} came with different content: {known} and {command}"
            if self._clock.now - since <= self._remembers_seconds:
                return Outcome("accepted", 1, 200)
        refusal = self.refuses.get(command.action) or self.refuses.get(
            f"{command.action} {command.parameters.get('to')}"
        )
        if refusal:
            return refusal
        self._known[command_id] = (self._clock.now, command)
        self.obeyed.append((command_id, command))
        self.client_state = str(command.parameters.get("client_state", self.client_state))
        return Outcome("accepted", 1, 200)


class AnsweringBackends:
    """Where questions to other systems are left: kept by their ids."""

    def __init__(self, faults: Faults) -> None:
        self.asked: list[str] = []
        """The ids of all that was asked."""
        self.questions: dict[str, Lookup] = {}
        self._faults = faults

    def ask(self, lookup: Lookup, deadline: float) -> None:
        del deadline
        self.asked.append(lookup.id)
        fault = self._faults.next()
        if fault == "dies before":
            raise Died
        if fault == "lost":
            raise ConnectTimeoutError(endpoint_url="https://lambda.invalid")
        assert self.questions.setdefault(lookup.id, lookup) == lookup
        if fault == "dies after":
            raise Died
        if fault == "unanswered":
            raise ReadTimeoutError(endpoint_url="https://lambda.invalid")


class ForbiddenDependency:
    """Other systems, where no flow looks anything up."""

    def ask(self, lookup: Lookup, deadline: float) -> None:
        del deadline
        raise AssertionError(lookup)


@dataclass(slots=True)
class Clock:
    """Unix time that moves only on request."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Remains:
    """All that a phone call leaves behind, anywhere."""

    legs: tuple[Call, ...]
    timeline: tuple[TimelineEntry, ...]
    recordings: tuple[Recording, ...]
    jobs: frozenset[str]
    """The archive does a job once, however often it is put."""
    obeyed: tuple[tuple[str, Command], ...]


@dataclass(slots=True)
class Line:
    """A phone line: the processor and everything that it stands between."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    table: str
    queue_url: str
    wire: Wire
    faults: Faults
    flows: Path
    watchdog_queue_url: str = "watchdog"
    clock: Clock = field(default_factory=Clock)
    telnyx: AcceptingTelnyx = field(init=False)
    library: FlowLibrary = field(init=False)
    systems: AnsweringBackends = field(init=False)

    def __post_init__(self) -> None:
        self.telnyx = AcceptingTelnyx(self.faults, self.clock)
        self.library = FlowLibrary.open(self.flows)
        self.systems = AnsweringBackends(self.faults)

    @classmethod
    def open(cls, flows: Path, plan: Mapping[int, Fault] | None = None, name: str = "calls") -> Line:
        """Give a line with an empty table and an empty queue of that name; to be called where moto is active."""
        wire = Wire(faults := Faults(plan or {}))
        dynamodb = aws_session().client("dynamodb", config=ONE_ATTEMPT)
        sqs = aws_session().client("sqs", config=ONE_ATTEMPT)
        create_table(dynamodb, name)
        queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
        watchdog_queue_url = sqs.create_queue(QueueName=f"{name}-watchdog")["QueueUrl"]
        wire.tap(dynamodb)
        wire.tap(sqs)
        return cls(dynamodb, sqs, name, queue_url, wire, faults, flows, watchdog_queue_url)

    @classmethod
    def in_memory(cls, flows: Path, plan: Mapping[int, Fault] | None = None) -> Line:
        """Give a line whose table and queue are this process's memory: twenty times as fast, for many plays."""
        wire = Wire(faults := Faults(plan or {}))
        table: Any = Tapped(MemoryTable(), wire)
        queue: Any = Tapped(MemoryQueue(), wire)
        return cls(table, queue, "calls", "queue", wire, faults, flows)

    @property
    def store(self) -> CallsTable:
        return CallsTable(self.dynamodb, self.table)

    def processor(self) -> EventProcessor:
        """Give a process that has just started: it knows nothing that is not in the table or the flows."""
        queue = ArchiveQueue(self.sqs, self.queue_url)
        watchdog = WatchdogQueue(self.sqs, self.watchdog_queue_url)
        return EventProcessor(self.store, self.library, self.telnyx, queue, self.systems, watchdog, self.clock)

    def deliver(self, event: Event) -> EventResult:
        return self.processor().handle(event, FOR_EVER)

    def deliver_until_done(self, event: Event) -> EventResult:
        """As Telnyx does: again after every death, every 503 and every 500."""
        for _ in range(DELIVERIES):
            try:
                handled = self.deliver(event)
            except (Died, StoreUnavailable, BotoCoreError, ClientError):
                continue
            if not handled.unsent:
                return handled
        raise AssertionError(f"{event.type} was never done with")

    def remains(self, call_session_id: str) -> Remains:
        """Give what is left, read without faults."""
        self.faults.plan = {}
        return Remains(
            self.store.legs(call_session_id),
            self.store.timeline(call_session_id),
            self.store.recordings(call_session_id),
            frozenset(self.jobs()),
            tuple(self.telnyx.obeyed),
        )

    def jobs(self) -> list[str]:
        """Take every message from the queue."""
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            found += [message["Body"] for message in messages]
        return found

    def spent(self) -> Counter[str]:
        """Give what was sent since this was last asked: requests by operation, commands as `Telnyx`."""
        spent = Counter(self.wire.requests) + Counter(
            {"Telnyx": len(self.telnyx.asked), "Lookup": len(self.systems.asked)}
        )
        self.wire.requests.clear()
        self.wire.bodies.clear()
        self.telnyx.asked.clear()
        self.systems.asked.clear()
        return spent


@cache
def aws_session() -> boto3.Session:
    """Give the session of all tests: a new one would read AWS's descriptions of its services anew, for 0.3 s."""
    return boto3.Session("testing", "testing", region_name="us-east-1")


def create_table(dynamodb: DynamoDBClient, name: str) -> None:
    """Create the calls table as template.yaml describes it."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "call_session_id", "AttributeType": "S"},
            {"AttributeName": "item", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"},
            {"AttributeName": "due_at", "AttributeType": "N"},
            {"AttributeName": "began_on", "AttributeType": "S"},
            {"AttributeName": "began_at", "AttributeType": "N"},
            {"AttributeName": "control_id", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "call_session_id", "KeyType": "HASH"},
            {"AttributeName": "item", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            _index("due", "due_shard", "due_at"),
            _index("began", "began_on", "began_at"),
            _index("named", "control_id"),
        ],
    )


def _index(name: str, partition: str, *sort: str) -> GlobalSecondaryIndexTypeDef:
    keys: list[KeySchemaElementTypeDef] = [{"AttributeName": partition, "KeyType": "HASH"}]
    keys += ({"AttributeName": each, "KeyType": "RANGE"} for each in sort)
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "KEYS_ONLY"}}
