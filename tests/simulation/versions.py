"""Two versions of the webhook function that take turns at one call: this one, and one that stores more."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain import own_events
from dialtone.domain.client_state import ClientState
from dialtone.domain.compact_json import compact, expanded
from dialtone.domain.events import Event
from infra.carrier import Request
from infra.flowkit import stage
from infra.flowkit.memory_table import MemoryTable
from infra.flowkit.stage import Stage, StageTable
from webhook.queue_answers import QueueAnswers

UNKNOWN = {"imagined": "later", "imagined_too": {"deep": ["x", 1, None]}}
"""What the next version writes into whatever it stores, and this one has never heard of."""

_OBJECTS = ("left", "consent", "unconfirmed", "watch", "audio", "transcript", "transcription")
_LISTS = ("recordings", "reported", "pauses")


@cache
def _read_once(flows: Path) -> FlowLibrary:
    return FlowLibrary.open(flows)


class VersionedTable(MemoryTable):
    """A table; what the next version writes has unknown fields wherever a field can be added."""

    def __init__(self) -> None:
        super().__init__()
        self.by_next = False
        self.extended = 0
        """How many items the next version wrote."""

    def transact_write_items(self, *, TransactItems: Any) -> Any:  # noqa: N803, ANN401 -- boto's own
        """As MemoryTable's."""
        writes = [self._written(each) for each in TransactItems] if self.by_next else TransactItems
        return super().transact_write_items(TransactItems=writes)

    def _written(self, write: Any) -> Any:  # noqa: ANN401 -- boto's nested dictionaries
        if "Put" not in write:
            return write
        self.extended += 1
        item = attributes(extended_item(plain(write["Put"]["Item"])))
        return {"Put": {**write["Put"], "Item": item}}


def extended_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as the next version writes it."""
    written = extended(item)
    if "commands" in item:
        written["commands"] = compact([{**each, **UNKNOWN} for each in expanded(item["commands"])])
        written["archive"] = compact([json.dumps({**json.loads(job), **UNKNOWN}) for job in expanded(item["archive"])])
    if item.get("lookup"):
        written["lookup"] = compact({**expanded(item["lookup"]), **UNKNOWN})
    return written


def extended(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored object, and what is stored in it, with fields that are not known."""
    inside: dict[str, Any] = {name: extended(value) for name, value in stored.items() if name in _OBJECTS and value}
    inside |= {name: [extended(each) for each in value] for name, value in stored.items() if name in _LISTS and value}
    if "far_legs" in stored:
        inside["far_legs"] = {leg: extended(each) for leg, each in stored["far_legs"].items()}
    return {**stored, **inside, **UNKNOWN}


@contextmanager
def next_version() -> Iterator[None]:
    """While it lasts, this process writes `client_state` and events of our own as the next version does."""
    encode, to_json = ClientState.encode, own_events.event_to_json

    def more_in_state(state: ClientState) -> str:
        fields = {**json.loads(base64.b64decode(encode(state))), **UNKNOWN}
        return base64.b64encode(json.dumps(fields).encode()).decode()

    def more_in_event(event: Event) -> dict[str, Any]:
        said = to_json(event)
        return {**said, **UNKNOWN, "payload": {**said["payload"], **UNKNOWN}}

    with patch.object(ClientState, "encode", more_in_state), patch.object(stage, "event_to_json", more_in_event):
        yield


class SwitchingStage(Stage):
    """A line whose webhook function is replaced by its other version before every event."""

    def __init__(self, *, flows: Path, next_first: bool, start: datetime | None = None) -> None:
        super().__init__(flows=flows, start=start)
        self.versions: list[str] = []
        """By which version each event was handled."""
        self.table: VersionedTable = VersionedTable()
        self.store = StageTable(self.table, lambda decision: self.decided(decision))  # noqa: PLW0108 -- it may be set later
        self._flows = flows
        self._next = next_first

    def _post(self, request: Request, timeout_seconds: float) -> int:
        with self._switched():
            return super()._post(request, timeout_seconds)

    def _hear(self, event: Event) -> bool:
        with self._switched():
            return super()._hear(event)

    @contextmanager
    def _switched(self) -> Iterator[None]:
        """A process that has just started, of the other version than the one before it."""
        self._restart()
        self.table.by_next = self._next
        self.versions.append("next" if self._next else "this")
        with next_version() if self._next else patch.dict({}):
            yield
        self._next = not self._next

    def _restart(self) -> None:
        library = replace(_read_once(self._flows), kept=self.store, _earlier={})
        queues = QueueAnswers(self.api, self.store)
        self.processor = replace(self.processor, store=self.store, library=library, queues=queues, _kept={})
        object.__setattr__(self.endpoint, "processor", self.processor)
