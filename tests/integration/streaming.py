"""The calls table with its stream, Lambda as it reads that, and an event bus: in memory, any request may fail."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from dialtone.adapters.telemetry import Observer
from events.bus import EventBus
from events.dead_letters import DeadLetters
from events.life_cycle_events import masked
from events.outbox import Outbox
from infra.flowkit.memory_table import MemoryTable
from infra.local import translate
from infra.local.cloud import TEMPLATE
from tests.integration.dependencies import Died, Fault, Faults, MemoryQueue, Tapped, Wire

DEAD_LETTERS = "dead-letters"
COMMITTED_AT = 1_790_000_000


class StreamedTable(MemoryTable):
    """A table whose changes can be read, as DynamoDB's stream has them."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []

    def transact_write_items(self, *, TransactItems: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        """All, or none and why."""
        written = [next(iter(each.values())) for each in TransactItems]
        keys = [each.get("Item") or each["Key"] for each in written]
        before = [self.get(key) for key in keys]
        answer = super().transact_write_items(TransactItems=TransactItems)
        for key, was in zip(keys, before, strict=True):
            self._note(key, was)
        return answer

    def update_item(self, *, Key: Any, **rest: Any) -> Any:  # noqa: ANN401, N803 -- boto's own
        """One item."""
        before = self.get(Key)
        answer = super().update_item(Key=Key, **rest)
        self._note(Key, before)
        return answer

    def _note(self, key: Any, before: Any) -> None:  # noqa: ANN401 -- items
        after = self.get(key)
        if before == after:
            return  # as DynamoDB: no change, no record
        images = {name: image for name, image in (("OldImage", before), ("NewImage", after)) if image}
        change = {
            "Keys": {name: key[name] for name in ("call_session_id", "item")},
            "SequenceNumber": str(100_000_000_000_000_000_000 + len(self.records)),
            "ApproximateCreationDateTime": COMMITTED_AT + len(self.records),
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        }
        kind = "MODIFY" if before else "INSERT"
        self.records.append(
            {"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": json.loads(json.dumps(change))}
        )


class Bus:
    """EventBridge in memory. What it says of each entry may be scripted, by the request's number."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuses: Callable[[Mapping[str, Any], int], str] = lambda _event, _request: ""
        """The code with which an event is refused in a request; '' for none."""
        self.requests = 0

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:  # noqa: N803 -- boto's own
        self.requests += 1
        answers = []
        for entry in Entries:
            assert entry["Source"] == "dialtone"
            event = json.loads(entry["Detail"])
            assert entry["DetailType"] == event["type"]
            if code := self.refuses(event, self.requests):
                answers.append({"ErrorCode": code})
            else:
                self.taken.append(event)
                answers.append({"EventId": "1"})
        return {"Entries": answers, "FailedEntryCount": sum("ErrorCode" in each for each in answers)}


@dataclass
class Streaming:
    """The events function as Lambda runs it over a stream."""

    plan: Mapping[int, Fault] = field(default_factory=dict)
    mask: Callable[[str], str] = masked
    bus: Bus = field(default_factory=Bus)
    queue: MemoryQueue = field(default_factory=MemoryQueue)

    @cached_property
    def wire(self) -> Wire:
        """What its requests go over."""
        return Wire(Faults(self.plan))

    def outbox(self) -> Outbox:
        """A process that has just started."""
        bus: Any = Tapped(self.bus, self.wire)
        queue: Any = Tapped(self.queue, self.wire)
        return Outbox(
            EventBus(bus, "bus", pause=lambda _: None), DeadLetters(queue, DEAD_LETTERS), Observer("events"), self.mask
        )

    def read(self, records: Sequence[Mapping[str, Any]], *, batch: int = 7, tries: int = 60) -> bool:
        """Read a stream to its end, each batch again until it is dealt with. False where it never is."""
        position = 0
        matching = [each for each in records if passes_filters(each)]
        for _ in range(tries):
            some = matching[position : position + batch]
            if not some:
                return True
            try:
                failed = self.outbox().send({"Records": some})["batchItemFailures"]
            except Died:
                continue
            numbers = [each["dynamodb"]["SequenceNumber"] for each in some]
            position += numbers.index(failed[0]["itemIdentifier"]) if failed else len(some)
        return False

    def dead_letters(self) -> list[dict[str, str]]:
        """What could never be sent."""
        received: Any = self.queue.receive_message(QueueUrl=DEAD_LETTERS, MaxNumberOfMessages=100)
        return [json.loads(each["Body"]) for each in received["Messages"]]


@cache
def filters(function: str, event: str) -> list[dict[str, Any]]:
    """The template's, of a function that reads the stream."""
    changes = translate.read(TEMPLATE)["Resources"][function]["Properties"]["Events"][event]["Properties"]
    return [json.loads(each["Pattern"]) for each in changes["FilterCriteria"]["Filters"]]


def passes_filters(record: Mapping[str, Any], function: str = "EventsFunction", event: str = "Changes") -> bool:
    """Whether Lambda invokes a function for a record, by the template's own patterns."""
    return any(_fits(pattern, record) for pattern in filters(function, event))


def _fits(pattern: Mapping[str, Any], value: Any) -> bool:  # noqa: ANN401 -- any JSON
    """Lambda's rules for the patterns that the template has: every key, and one of what a list says."""
    for name, asked in pattern.items():
        there = value.get(name) if isinstance(value, dict) else None
        if isinstance(asked, dict):
            if not _fits(asked, there):
                return False
        elif not any(_is(each, there) for each in asked):
            return False
    return True


def _is(asked: Any, there: object) -> bool:  # noqa: ANN401 -- any JSON
    if isinstance(asked, str):
        return bool(there == asked)
    (rule, said), *rest = asked.items()
    assert not rest
    if rule == "prefix":
        return isinstance(there, str) and there.startswith(said)
    if rule == "exists":
        return (there is not None) is bool(said)
    assert rule == "anything-but"
    return there is not None and there not in said
