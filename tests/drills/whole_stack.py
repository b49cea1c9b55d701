"""The world with the functions beside a call: events and deliver on the table's stream, control, and campaigns."""

import json
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import deliver.chat
import dialtone.adapters.campaign_lists
from campaigns.engine import Engine
from campaigns.list_parts import Lists
from control.allowed_destinations import Destinations
from control.api import open_api
from control.campaigns import CampaignOrder, Ordering
from control.problems import Refused
from control.settings import Settings
from deliver.bucket import Objects
from deliver.chat import Chat, addresses_from
from deliver.claims import Claims
from deliver.consumer import Consumer
from deliver.delivery import Deliveries
from deliver.due_deliveries import DueDeliveries
from deliver.mail import Mail
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_api import Outcome
from dialtone.adapters.webhook_function import WebhookFunction
from events.bus import EventBus
from events.dead_letters import DeadLetters
from events.life_cycle_events import masked
from events.outbox import Outbox
from infra.carrier.account import CONNECTION_ID
from tests.control_settings import CONTROL_SETTINGS
from tests.drills.aws_memory import QUEUE_URL, Gated, MemoryBucket, MemoryQueue, Queues
from tests.drills.processes import Killed, Process, Processes
from tests.drills.receivers import CHAT_ADDRESS, SENDER, ChatPool, Inbox, MemoryBus
from tests.drills.table_stream import Reader, StreamedTable, TableStream
from tests.drills.virtual_time import InOrder
from tests.drills.world import WATCHDOG_QUEUE_URL, World

DELIVERY_QUEUE_URL, EVENTS_DEAD_URL = "https://sqs.invalid/deliveries", "https://sqs.invalid/events-dead-letters"
DELIVERY_VISIBILITY_SECONDS, DELIVERY_RECEIVES = 540.0, 10
"""As template.yaml has them."""
WORKER_SECONDS = 60.0
ASKED_AGAIN_SECONDS = 3.0
"""A program that gets no answer asks again under the same key."""
FIRST_WORKER_SECONDS = 2.0
SERVER_ERROR, TOO_MANY = 500, 429

SETTINGS = {**CONTROL_SETTINGS, "CONTROL_DESTINATIONS": "+1555", "TELNYX_CONNECTION_ID": CONNECTION_ID}


@dataclass(slots=True)
class Asked:
    """A request of a program to the control API, and what it was answered in the end."""

    path: str
    body: Mapping[str, Any]
    key: str
    status: int = 0
    """0 until it was answered."""
    answer: Mapping[str, Any] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0
    done: bool = False


class WorkerThreads:
    """The threads of a worker of campaigns: they die with it, and it with them."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._worker: Process | None = processes.current

    def submit(self, work: Callable[[], Outcome], /) -> Future[Outcome]:
        """Have one of them do that."""
        future: Future[Outcome] = Future()

        def run() -> None:
            if self._worker is None or self._worker.dead:
                return
            try:
                future.set_result(work())
            except Killed:
                self._worker.dead = True
                raise
            except Exception as fault:  # noqa: BLE001 -- as an executor does
                future.set_exception(fault)

        self._processes.start("campaigns", run)
        return future


class WholeStack(World):
    """A phone line, all its functions, and whom they send to."""

    published: FlowLibrary | None = None
    """What takes new calls from some time on."""

    def __init__(
        self,
        *,
        seed: int,
        flows: Path,
        read_twice: float = 0.0,
        left_out: float = 0.0,
        **faults: Any,  # noqa: ANN401 -- as the world takes
    ) -> None:
        table = StreamedTable()
        super().__init__(seed=seed, flows=flows, table=table, **faults)
        chance, clock = random.Random(seed + 6), self.carrier.clock
        self.bus = MemoryBus(lambda: clock.now < self.gate.weather.until and chance.random() < left_out)
        self.mail, self.chat = Inbox(), Inbox()
        self.lists = MemoryBucket()
        twice = lambda: clock.now < self.gate.weather.until and chance.random() < read_twice  # noqa: E731 -- drawn for each batch
        self.deliveries = MemoryQueue(
            clock,
            self._deliver,
            self.queue.twice,
            visibility_seconds=DELIVERY_VISIBILITY_SECONDS,
            max_receives=DELIVERY_RECEIVES,
        )
        self.unsendable = MemoryQueue(clock, lambda _, took: took())
        self.stream = TableStream(
            clock,
            (
                Reader(clock, self._publish, ("EventsFunction", "Changes"), twice),
                Reader(clock, self._find_due, ("DeliverFunction", "Due"), twice),
            ),
        )
        table.changed = self.stream.note
        queues = {
            QUEUE_URL: self.queue,
            WATCHDOG_QUEUE_URL: self.looks,
            DELIVERY_QUEUE_URL: self.deliveries,
            EVENTS_DEAD_URL: self.unsendable,
        }
        more: dict[str, object] = {"events": self.bus, "ses": self.mail, "sqs": Queues(queues)}
        self.aws |= {name: Gated(name, client, self.gate) for name, client in more.items()}
        self.aws["lists"] = Gated("s3", self.lists, self.gate)
        self.asked: list[Asked] = []
        self.order: CampaignOrder | None = None
        self.ordered: list[str] = []
        """The ids of campaigns that were ordered, as often as that was answered."""
        self._more_time = ExitStack()
        for function in ("events", "deliver", "control"):
            self._restart(function)

    def __enter__(self) -> Self:
        super().__enter__()
        self._more_time.enter_context(patch.object(deliver.chat, "_pool", lambda *_: ChatPool(self.gate, self.chat)))
        self._more_time.enter_context(patch.object(dialtone.adapters.campaign_lists, "ThreadPoolExecutor", InOrder))
        return self

    def __exit__(self, *exit_: object) -> None:
        self._more_time.close()
        super().__exit__(*exit_)

    def library(self) -> FlowLibrary:
        """As the world's, until another is published."""
        return self.published or super().library()

    def publish(self, texts: Mapping[str, str]) -> None:
        """Let other flows take new calls."""
        self.published = FlowLibrary.of_texts(texts)
        self._restart("webhook")

    def is_settled(self) -> bool:
        """As the world's, and nothing is on its way to anybody."""
        return (
            super().is_settled()
            and all(reader.is_done for reader in self.stream.readers)
            and not self.deliveries.open
            and all(each.done for each in self.asked)
            and (self.order is None or bool(self.ordered))
        )

    # --- The functions ------------------------------------------------------------------------------------------

    def _restart(self, function: str) -> None:
        noted: Any = self.noted
        if function == "events":
            bus = EventBus(self.aws["events"], "bus", self.processes.wait)
            self._outbox = Outbox(bus, DeadLetters(self.aws["sqs"], EVENTS_DEAD_URL), noted, masked)
        elif function == "deliver":
            store = CallsTable(self.aws["dynamodb"], "calls")
            chat = Chat(
                self._secret("chats", addresses_from), resolve=lambda *_, **__: [("", "", "", "", CHAT_ADDRESS)]
            )
            delivers = Deliveries(
                store, Objects(self.aws["s3"], "recordings"), Claims(store), Mail(self.aws["ses"], SENDER), chat, ""
            )
            self._delivers = Consumer(delivers, self.aws["sqs"], DELIVERY_QUEUE_URL, noted, self.unix)
            self._due = DueDeliveries(self.aws["sqs"], DELIVERY_QUEUE_URL, noted)
        elif function == "control":
            now = self.carrier.clock.datetime
            ask = partial(WebhookFunction(self.aws["lambda"]).ask, function="webhook")
            self._api = open_api(
                Settings.read(SETTINGS), self.aws["dynamodb"], self.aws["s3"], ask, self._telnyx(), noted, now
            )
            orders = CampaignsTable(self.aws["dynamodb"], "calls", self.processes.wait)
            flow_named = super().library().flow
            self._ordering = Ordering(
                orders, self.aws["lists"], "campaigns", flow_named, Destinations(("+1555",)), CONNECTION_ID, now
            )
        elif function != "campaigns":  # of which each invocation is a process of its own here
            super()._restart(function)

    def _publish(self, batch: Mapping[str, Any], answered: Callable[[Any], None]) -> None:
        self._read("events", lambda: self._outbox.send(batch), answered)

    def _find_due(self, batch: Mapping[str, Any], answered: Callable[[Any], None]) -> None:
        self._read("deliver", lambda: self._due.take(batch), answered)

    def _read(self, function: str, work: Callable[[], Any], answered: Callable[[Any], None]) -> None:
        answers: list[Any] = []

        def run() -> None:
            answers.append(work())
            self._check()

        self.processes.start(function, run, lambda: answered(answers[0] if answers else None))

    def _deliver(self, event: Mapping[str, Any], took: Callable[[], None]) -> None:
        def work() -> None:
            if not self._delivers.consume(event)["batchItemFailures"]:
                took()
            self._check()

        self.processes.start("deliver", work)

    # --- People and programs who ask from outside ----------------------------------------------------------------

    def ask_later(self, seconds: float, asked: Callable[[], Asked | None]) -> None:
        """Let a program ask something in so many seconds, and again until it is answered."""

        def begin() -> None:
            if found := asked():
                found.began = self.carrier.clock.now
                self.asked.append(found)
                self._ask(found)

        self.carrier.clock.after(seconds, begin)

    def _ask(self, asked: Asked) -> None:
        answers: list[Mapping[str, Any]] = []

        def run() -> None:
            answers.append(self._api.resolve(_request(asked), None))  # type: ignore[arg-type] # no route looks at the context
            self._check()

        def ended() -> None:
            status = int(answers[0]["statusCode"]) if answers else 0
            if status and status != TOO_MANY and status < SERVER_ERROR:
                asked.status, asked.answer, asked.done = status, json.loads(answers[0]["body"]), True
                asked.ended = self.carrier.clock.now
            else:
                self.carrier.clock.after(ASKED_AGAIN_SECONDS, lambda: self._ask(asked))

        self.processes.start("control", run, ended)

    # --- A campaign -----------------------------------------------------------------------------------------------

    def announce(self, order: CampaignOrder) -> None:
        """Order a campaign, again until that is answered, and let workers work on it."""
        self.order = order
        self._order(order)
        self.carrier.clock.after(FIRST_WORKER_SECONDS, self._invoke_worker)

    def _order(self, order: CampaignOrder) -> None:
        answers: list[str] = []

        def run() -> None:
            try:
                answers.append(self._ordering.order(order, "user/ada")["id"])
            except Refused:
                raise
            except Exception as fault:
                if not self._is_dependency_fault(fault):
                    raise

        def ended() -> None:
            self.ordered += answers
            if not answers:
                self.carrier.clock.after(ASKED_AGAIN_SECONDS, lambda: self._order(order))

        self.processes.start("control", run, ended)

    def _invoke_worker(self) -> None:
        if self.settled:
            return

        def run() -> None:
            telnyx, dynamodb = self._telnyx(), self.aws["dynamodb"]
            worker = Engine(
                CampaignsTable(dynamodb, "calls", self.processes.wait),
                CampaignNumbers(dynamodb, "calls", self.processes.wait),
                Lists(self.aws["lists"], "campaigns"),
                telnyx,
                WorkerThreads(self.processes),
                self.noted,  # type: ignore[arg-type] # it only counts
                now=self.unix,
                clock=lambda: self.carrier.clock.now,
                sleep=self.processes.wait,
            )
            worker.run(self.unix() + WORKER_SECONDS)
            self._check()

        self.processes.start("campaigns", run)
        self.carrier.clock.after(WORKER_SECONDS, self._invoke_worker)


def _request(asked: Asked) -> dict[str, Any]:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": asked.path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "idempotency-key": asked.key},
        "body": json.dumps(asked.body),
        "isBase64Encoded": False,
        "requestContext": {
            "http": {"method": "POST", "path": asked.path},
            "stage": "$default",
            "requestId": "request",
            "authorizer": {"iam": {"userArn": "arn:aws:sts::123456789012:assumed-role/desk/ada"}},
        },
    }
