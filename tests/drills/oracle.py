"""The calls table three times: in memory, by moto and by the emulator. The same operations have the same answers.

All other drills stand on the table in memory: this one says that it answers as DynamoDB does.
"""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

from dialtone.adapters.calls_table import CallsTable, DueItem, LostRace, StoreUnavailable
from dialtone.domain.call_status import ANSWERED, RINGING
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.decisions import Decision
from dialtone.domain.events import Event
from dialtone.domain.recordings import COPIED, EXPECTED, FAILED, SAVED, VERIFIED, Recording, Review
from infra.checkout import SAMPLES
from infra.flowkit.memory_table import MemoryTable
from infra.local.clients import Clients
from infra.local.emulator import Emulator
from tests.drills import report
from tests.drills.report import WRONG, Tally, Violation
from tests.drills.world import library_of
from tests.integration.dependencies import create_table

OPERATIONS_A_ROUND = 60
SESSIONS, LEGS, NUMBERS, EVENTS = ("s-1", "s-2"), ("l-1", "l-2"), (1, 2), 12
STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, FAILED)

Operation = Callable[[CallsTable], object]

_names = (f"oracle-{number}" for number in count(1))


@dataclass(slots=True)
class Tables:
    """The same table, as each of several says that DynamoDB is."""

    stores: dict[str, CallsTable] = field(default_factory=dict)

    def ask(self, operation: Operation) -> dict[str, str]:
        """What each answers, or raises."""
        return {name: _answer(store, operation) for name, store in self.stores.items()}


def _answer(store: CallsTable, operation: Operation) -> str:
    try:
        return repr(operation(store))
    except (LostRace, StoreUnavailable) as refused:
        return type(refused).__name__
    except ClientError as fault:
        return str(fault.response["Error"]["Code"])
    except Exception as fault:  # noqa: BLE001 -- whatever one raises, the others must raise, too
        return f"{type(fault).__name__}: {fault}"


@dataclass(slots=True)
class Oracle:
    """The part with the same operations on all tables. The emulator is started once, where it is wanted."""

    with_emulator: bool = True
    name: str = "oracle"
    _open: ExitStack = field(default_factory=ExitStack)
    _emulator: Any = None

    def needs(self) -> frozenset[str]:
        """Every operation, and both outcomes of those that may be refused."""
        return frozenset(draw.__name__.strip("_") for draw in DRAWN) | {"refused", "committed", "moved", "not moved"}

    def play(self, seed: int, tally: Tally) -> None:
        """Let all tables do the same, and compare what they answer."""
        chance, name = random.Random(seed), next(_names)
        with mock_aws(), ExitStack() as opened:
            tables = Tables({"memory": CallsTable(MemoryTable(), name)})  # type: ignore[arg-type] # in memory
            clients = {"moto": boto3.client("dynamodb", "us-east-1", aws_access_key_id="a", aws_secret_access_key="a")}
            if self.with_emulator:
                clients["emulator"] = self._client()
            for each, client in clients.items():
                create_table(client, name)
                tables.stores[each] = CallsTable(client, name)
            for place in range(OPERATIONS_A_ROUND):
                draw = chance.choice(DRAWN)
                operation, shown = draw(chance, tables.stores["memory"])
                answers = tables.ask(operation)
                tally.figures[report.OPERATIONS] += 1
                tally.happened.update([draw.__name__.strip("_"), *_outcome(draw.__name__, answers["memory"])])
                if len(set(answers.values())) > 1:
                    tally.blame(seed, [Violation(WRONG, f"operation {place}, {shown}: {answers}")])
                    return
            del opened

    def _client(self) -> Any:  # noqa: ANN401 -- boto's client
        if self._emulator is None:
            emulator = self._open.enter_context(Emulator(enforce_iam=False))
            emulator.wait_until_ready()
            clients = Clients(emulator)
            self._open.callback(clients.close)
            self._emulator = clients.client("dynamodb")
        return self._emulator

    def close(self) -> None:
        """End the emulator."""
        self._open.close()


def _outcome(name: str, answer: str) -> list[str]:
    if name == "_commit":
        return ["committed" if answer == "None" else "refused"]
    return ["moved" if answer == "True" else "not moved"] if name == "_move_due" else []


def _event(chance: random.Random) -> Event:
    number = chance.randrange(EVENTS)
    payload = {"call_session_id": chance.choice(SESSIONS), "call_leg_id": chance.choice(LEGS)}
    return Event(f"e-{number}", "call.answered", f"2026-11-22T10:00:{number:02d}.000000Z", payload)


def _recording(chance: random.Random, event: Event) -> Recording:
    number = chance.choice(NUMBERS)
    asked = f"2026-11-20T14:{number:02d}:00.000000Z"
    recording = Recording(event.call_session_id, event.call_leg_id, number, 2, asked, "record_start")
    return recording._replace(status=chance.choice(STATUSES), reason=chance.choice(("", "why")))


def _commit(chance: random.Random, store: CallsTable) -> tuple[Operation, str]:
    event = _event(chance)
    known = store.load(event).call or Call(event.call_session_id, event.owner_leg_id)
    before = known if chance.random() < 0.8 else known._replace(version=chance.randrange(4))
    after = before
    if chance.random() < 0.7:
        status, variables = chance.choice((RINGING, ANSWERED)), {"n": str(chance.randrange(9))}
        after = before._replace(status=status, control_id="c-1", variables=variables)
    if chance.random() < 0.2:
        after = after._replace(ended_at=event.occurred_at)
    commands = tuple(
        Command("speak", "c-1", {"payload": "x" * chance.choice((1, 3_000))}) for _ in range(chance.randrange(3))
    )
    recordings = {each.name: each for each in (_recording(chance, event) for _ in range(chance.randrange(3)))}
    reviewed = [Review(f"{event.call_leg_id}-{chance.choice(NUMBERS):02d}", chance.choice(("kept", "deleted")))]
    reviews = tuple(each for each in reviewed if each.recording not in recordings and chance.random() < 0.3)
    decision = Decision(after, commands, tuple(recordings.values()), reviews, reason="r")
    snapshot = library_of(SAMPLES).flow("main-menu") if chance.random() < 0.1 else None
    return (
        lambda each: each.commit(event, before, decision, at_seconds=1.5, snapshot=snapshot)
    ), f"{event} {before} {decision}"


def _load(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    event = _event(chance)
    return (lambda each: each.load(event)), str(event)


def _decided(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    event = _event(chance)
    return (lambda each: each.decided(event)), str(event)


def _note_obeyed(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    event, places = _event(chance), frozenset(chance.sample(range(4), chance.randint(1, 3)))
    return (lambda each: each.note_obeyed(event, places)), f"{event} {places}"


def _read_recording(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    session, name = chance.choice(SESSIONS), f"{chance.choice(LEGS)}-{chance.choice(NUMBERS):02d}"
    return (lambda each: each.recording(session, name)), f"{session} {name}"


def _read_recordings(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    session, leg = chance.choice(SESSIONS), chance.choice(("", *LEGS))
    return (lambda each: each.recordings(session, leg)), f"{session} {leg}"


def _mark_recording(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    recording = _recording(chance, _event(chance))
    was = tuple(chance.sample(STATUSES, chance.randint(1, 4)))
    return (lambda each: each.mark_recording(recording, was=was)), f"{recording} was {was}"


def _note_compared(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    until = chance.randrange(1_764_000_000, 1_764_000_100)
    return (lambda each: (each.note_compared(until), each.compared_until())), str(until)


def _due_items(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    now, most = chance.choice((0.0, 1.7637e9, 1.764e9, 1.7638085e9, 9e9)), chance.choice((1, 2, 100))
    return (lambda each: _sorted(each.due_items(now, 100))[:most]), f"{now} {most}"


def _sorted(due: tuple[DueItem, ...]) -> list[DueItem]:
    """Of one second and one shard DynamoDB promises no order."""
    return sorted(due, key=lambda each: (each.due_at, each.call_session_id, each.item))


def _seen(chance: random.Random, store: CallsTable) -> DueItem:
    """Something that is due, as it is or as it was seen before; or nothing that is there."""
    due = store.due_items(9e9, 100)
    found = chance.choice(due) if due else DueItem("s-1", "LEG#l-9", 7)
    return found if chance.random() < 0.7 else found._replace(due_at=found.due_at + 1)


def _move_due(chance: random.Random, store: CallsTable) -> tuple[Operation, str]:
    due, until = _seen(chance, store), chance.choice((1_763_800_000, 1_763_900_000, 8_000_000_000))
    return (lambda each: each.move_due(due, until)), f"{due} {until}"


def _drop_due(chance: random.Random, store: CallsTable) -> tuple[Operation, str]:
    due = _seen(chance, store)
    return (lambda each: each.drop_due(due)), str(due)


def _legs(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    session = chance.choice(SESSIONS)
    return (lambda each: each.legs(session)), session


def _timeline(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    session = chance.choice(SESSIONS)
    return (lambda each: each.timeline(session)), session


def _flow_texts(chance: random.Random, _: CallsTable) -> tuple[Operation, str]:
    flow = library_of(SAMPLES).flow("main-menu")
    version = flow.version if flow and chance.random() < 0.8 else "another"
    return (lambda each: each.flow_texts("main-menu", version)), version


DRAWN: tuple[Callable[[random.Random, CallsTable], tuple[Operation, str]], ...] = (
    _commit,
    _commit,
    _commit,
    _load,
    _decided,
    _note_obeyed,
    _read_recording,
    _read_recordings,
    _mark_recording,
    _note_compared,
    _due_items,
    _move_due,
    _drop_due,
    _legs,
    _timeline,
    _flow_texts,
)
