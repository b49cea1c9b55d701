"""Deliveries at once, in real processes, against the emulator's DynamoDB: the same event fifty times, others beside it.

A round plays a call up to some event; then many processes are given that event, or it and those that follow, at the
same moment; then the call goes on. State must be as if each had come once.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dialtone.adapters.calls_table import CallsTable, StoreUnavailable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.commands import Command
from dialtone.domain.events import Event
from infra.flowkit.stage import Jobs, Unwatched
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Emulator
from tests.drills import report
from tests.drills.report import DOUBLED, LOST, WRONG, Tally, Violation
from tests.integration.deliveries import SESSION, phone_call, team_call, written_flows
from tests.integration.dependencies import FOR_EVER, AcceptingTelnyx, ForbiddenDependency, Line, Remains, create_table
from webhook.processor import EventProcessor

PROCESSES = 6
AT_ONCE = 50
TRIES = 30
"""As Telnyx, which delivers again what was answered 503."""

_names = (f"parallel-{number}" for number in count(1))


@dataclass(slots=True)
class Parallel:
    """The part with real processes: started once, where it is wanted."""

    name: str = "parallel"
    _open: ExitStack = field(default_factory=ExitStack)
    _workers: ProcessPoolExecutor | None = None
    _client: Any = None
    _url: str = ""
    _flows: Path = field(default_factory=Path)

    def needs(self) -> frozenset[str]:
        """Both ways of coming at once, on both calls."""
        paths = ("the same event", "different events")
        return frozenset(f"{path} of {call.__name__}" for path in paths for call in CALLS)

    def play(self, seed: int, tally: Tally) -> None:
        """Play a call with one moment at which much comes at once."""
        chance = random.Random(seed)
        self._start()
        call = CALLS[seed % len(CALLS)]
        events, expected = unharmed(self._flows, call)
        place, same = chance.randrange(len(events)), chance.random() < 0.5
        others = [] if same else events[place + 1 : place + 1 + chance.randint(1, 3)]
        rush = [events[place], *others] * (AT_ONCE // (1 + len(others)))
        chance.shuffle(rush)
        came = self._came(events[:place], rush, events[place + 1 + len(others) :])
        tally.happened[f"{'the same event' if same else 'different events'} of {call.__name__}"] += 1
        tally.figures[report.PARALLEL] += len(rush)
        what = f"{len(rush)} deliveries at once of {sorted({each.type for each in rush})}"
        tally.blame(
            seed, [Violation(each.promise, f"{what}: {each.what}") for each in _judged(came, expected, same=same)]
        )

    def _came(self, before: list[Event], rush: list[Event], after: list[Event]) -> Came:
        table = next(_names)
        create_table(self._client, table)
        assert self._workers
        moment = Moment(self._url, table, str(self._flows))
        outcomes = [deliver(moment, each) for each in before]
        outcomes += self._workers.map(deliver, [moment] * len(rush), rush)
        outcomes += [deliver(moment, each) for each in after]
        store = CallsTable(self._client, table)
        obeyed = {command_id: command for each in outcomes for command_id, command in each.obeyed}
        return Came(
            store,
            obeyed,
            [each.fault for each in outcomes if each.fault],
            {each.id for each in (*before, *rush, *after)},
        )

    def _start(self) -> None:
        if self._workers is None:
            emulator = self._open.enter_context(Emulator(enforce_iam=False))
            self._flows = written_flows(Path(self._open.enter_context(tempfile.TemporaryDirectory())))
            emulator.wait_until_ready()
            self._url = emulator.endpoint_url
            self._client = client_of(self._url)
            context = multiprocessing.get_context("spawn")
            self._workers = self._open.enter_context(ProcessPoolExecutor(PROCESSES, mp_context=context))

    def close(self) -> None:
        """End emulator and processes."""
        self._open.close()


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a process finds the table and the flows."""

    url: str
    table: str
    flows: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one delivery came to."""

    obeyed: tuple[tuple[str, Command], ...]
    """What Telnyx was sent."""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Came:
    """What is left of a round."""

    store: CallsTable
    obeyed: dict[str, Command]
    faults: list[str]
    events: set[str]


_clients: dict[str, Any] = {}


def client_of(url: str) -> Any:  # noqa: ANN401 -- boto's client
    """This process's client of the emulator."""
    if url not in _clients:
        session = boto3.Session(ACCESS_KEY_ID, SECRET_ACCESS_KEY, region_name=REGION)
        config = Config(retries={"mode": "legacy", "total_max_attempts": 2}, proxies={}, read_timeout=30)
        _clients[url] = session.client("dynamodb", endpoint_url=url, config=config)
    return _clients[url]


def deliver(moment: Moment, event: Event) -> Delivered:
    """Process an event as often as Telnyx would deliver it."""
    telnyx, store = AcceptingTelnyx(), CallsTable(client_of(moment.url), moment.table)
    library = FlowLibrary.open(Path(moment.flows), store)
    processor = EventProcessor(store, library, telnyx, Jobs(), ForbiddenDependency(), Unwatched())  # type: ignore[arg-type] # a list
    why = ""
    for _ in range(TRIES):
        try:
            processor.handle(event, FOR_EVER)
        except (StoreUnavailable, ClientError, BotoCoreError) as fault:
            why = f"{type(fault).__name__}: {fault}"
        else:
            return Delivered(tuple(telnyx.obeyed))
    return Delivered(tuple(telnyx.obeyed), why)


CALLS: tuple[Callable[[Line], Iterator[Event]], ...] = (phone_call, team_call)


def unharmed(flows: Path, call: Callable[[Line], Iterator[Event]]) -> tuple[list[Event], Remains]:
    """The events of a call, and what is left of it where each comes once."""
    line = Line.in_memory(flows)
    events = [(each, line.deliver(each))[0] for each in call(line)]
    return events, line.remains(SESSION)


def _judged(came: Came, expected: Remains, *, same: bool) -> Iterator[Violation]:
    for fault in came.faults:
        yield Violation(WRONG, f"never done with: {fault}")
    timeline = came.store.timeline(SESSION)
    ids = [entry.event_id for entry in timeline]
    if len(ids) != len(set(ids)):
        yield Violation(DOUBLED, "an event is in the timeline twice")
    if missing := came.events - set(ids):
        yield Violation(LOST, f"not kept: {missing}")
    decided = [command for entry in timeline for command in entry.commands]
    if len(came.obeyed) > len(decided):
        yield Violation(DOUBLED, f"{len(came.obeyed)} commands were sent, {len(decided)} were decided")
    if same:
        yield from _as_if_once(came, expected)


def _as_if_once(came: Came, expected: Remains) -> Iterator[Violation]:
    if came.store.legs(SESSION) != expected.legs:
        yield Violation(DOUBLED, f"the call is {came.store.legs(SESSION)}, not {expected.legs}")
    if came.store.recordings(SESSION) != expected.recordings:
        yield Violation(DOUBLED, f"the ledger is {came.store.recordings(SESSION)}, not {expected.recordings}")
    if came.obeyed.keys() != {command_id for command_id, _ in expected.obeyed}:
        yield Violation(LOST, f"Telnyx has obeyed {sorted(each.action for each in came.obeyed.values())}")
