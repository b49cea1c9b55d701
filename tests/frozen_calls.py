"""Calls stopped in their middle, as one version of the program left them: its items, and the events still to come.

`python -m tests.frozen_calls DATE` freezes those of this version, for all that follow.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.events import Event, parse_event
from dialtone.domain.lookups import Lookup
from dialtone.domain.own_events import event_from_json, event_to_json
from infra.carrier import Request
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import Jobs, Stage, Unwatched
from tests.integration.dependencies import AcceptingTelnyx
from tests.simulation.plays import ALL_PLAYS, flows_of
from webhook.processor import EventProcessor

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


FOLDER = Path(__file__).parent / "stored" / "calls"

PLAYS = (
    "a menu, hours and a message",
    "a card keyed in wrong, then right",
    "an appointment that is confirmed",
    "the first of three rung at once",
    "a message recorded anew and kept",
    "a survey after the conversation",
    "a recording announced, paused for a card",
    "a lookup that takes its time",
    "a caller whom an agent takes out of a queue",
    "a member who meets the moderator, mutes, and leaves the room",
    "a conversation that is recorded on demand",
    "an agent who comes back to the caller",
    "a choice that is said",
    "a text in the call and one after it",
)
"""Between them they store what a call can: callees, recordings, consent, pauses, reviews, lookups, queues, texts."""


@dataclass(frozen=True, slots=True)
class FrozenCall:
    """A call in its middle."""

    play: str
    items: list[dict[str, Any]]
    """Of the table."""
    events: list[dict[str, Any]]
    """What came afterwards: webhooks' bodies, and events of our own."""
    outcome: list[dict[str, Any]]
    """How its legs ended, then its recordings."""


class _Recorder(Stage):
    """Notes every event, and the table before it."""

    def __init__(self, play: str) -> None:
        super().__init__(flows=flows_of(play))
        self.noted: list[tuple[list[dict[str, Any]], dict[str, Any]]] = []

    def _post(self, request: Request, timeout_seconds: float) -> int:
        self.noted.append((self.table.items(), {"webhook": json.loads(request.body)}))
        return super()._post(request, timeout_seconds)

    def _hear(self, event: Event) -> bool:
        self.noted.append((self.table.items(), {"own": event_to_json(event)}))
        return super()._hear(event)


class _Unasked:
    """Stands where other systems do: their answers are among the events."""

    def ask(self, lookup: Lookup, deadline: float) -> None:
        """Nothing."""


def freeze(play: str) -> FrozenCall:
    """The call of a play under this version, stopped halfway."""
    stage = _Recorder(play)
    session = ALL_PLAYS[play](stage)
    half = len(stage.noted) // 2
    return FrozenCall(
        play, stage.noted[half][0], [event for _, event in stage.noted[half:]], _left(stage.store, session)
    )


def continued(call: FrozenCall) -> list[dict[str, Any]]:
    """How the call ends when this version takes it over."""
    table = MemoryTable()
    table.transact_write_items(TransactItems=[{"Put": {"Item": item}} for item in call.items])
    store = CallsTable(cast("DynamoDBClient", table), "calls")
    jobs: Any = Jobs()
    processor = EventProcessor(
        store, FlowLibrary.open(flows_of(call.play), store), AcceptingTelnyx(), jobs, _Unasked(), Unwatched()
    )
    events = [_read(each) for each in call.events]
    for event in events:
        processor.handle(event, NO_DEADLINE)
    return _left(store, events[0].call_session_id)


def frozen(file: Path) -> list[FrozenCall]:
    """The calls of a file."""
    return [FrozenCall(**call) for call in json.loads(file.read_text(encoding="utf-8"))]


def _read(event: dict[str, Any]) -> Event:
    return event_from_json(event["own"]) if "own" in event else parse_event(json.dumps(event["webhook"]).encode())


def _left(store: CallsTable, session: str) -> list[dict[str, Any]]:
    legs = [
        {"leg": leg.leg_id, "ended_at": leg.ended_at, "outcome": leg.outcome, "variables": dict(leg.variables)}
        for leg in store.legs(session)
    ]
    return legs + [{"recording": each.name, "status": each.status} for each in store.recordings(session)]


def main(date: str) -> None:
    """Write the calls of this version, one a line."""
    lines = [json.dumps(asdict(freeze(play)), ensure_ascii=False, separators=(",", ":")) for play in PLAYS]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{date}.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
