"""The calls table's stream on virtual time, and Lambda as it reads that for a function, batch after batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tests.drills.aws_memory import AuditedTable
from tests.integration.streaming import passes_filters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.carrier.clock import Clock

    Record = Mapping[str, Any]
    Invoke = Callable[[Mapping[str, Any], Callable[[Any], None]], None]

SHARDS = 2
BATCH = 5
"""Of the hundred that the template allows, so that a batch of a call can fail in its middle."""
POLL_SECONDS, AGAIN_SECONDS = 0.2, 2.0


class StreamedTable(AuditedTable):
    """The audited table, whose changes somebody hears of."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: Callable[[Any, Any], None] = lambda _before, _after: None

    def _keep(self, item: dict[str, Any]) -> None:
        before = self.get(item)
        super()._keep(item)
        if before != item:  # as DynamoDB: no change, no record
            self.changed(before, item)


@dataclass(slots=True)
class Shard:
    """A part of the stream, in its order, and how far a function has read it."""

    records: list[Record] = field(default_factory=list)
    position: int = 0
    busy: bool = False


@dataclass(slots=True)
class Reader:
    """Lambda, as it reads the stream for one function. A batch that fails comes again, and one that did not may."""

    clock: Clock
    invoke: Invoke
    """Lets the function have a batch; the second is called with its answer, or None where it gave none."""
    source: tuple[str, str]
    """The function and its event in template.yaml, whose filters hold."""
    twice: Callable[[], bool]
    shards: tuple[Shard, ...] = field(default_factory=lambda: tuple(Shard() for _ in range(SHARDS)))

    @property
    def is_done(self) -> bool:
        """Whether all was read."""
        return all(each.position == len(each.records) and not each.busy for each in self.shards)

    def take(self, record: Record) -> None:
        """A record comes."""
        if not passes_filters(record, *self.source):
            return
        partition = record["dynamodb"]["Keys"]["call_session_id"]["S"]
        shard = self.shards[crc32(partition.encode()) % SHARDS]
        shard.records.append(record)
        if not shard.busy:
            shard.busy = True
            self.clock.after(POLL_SECONDS, lambda: self._read(shard))

    def _read(self, shard: Shard) -> None:
        batch = shard.records[shard.position : shard.position + BATCH]
        if not batch:
            shard.busy = False
            return
        self.invoke({"Records": batch}, lambda answer: self._answered(shard, batch, answer))

    def _answered(self, shard: Shard, batch: list[Record], answer: Any) -> None:  # noqa: ANN401 -- any JSON
        failed = [each["itemIdentifier"] for each in answer["batchItemFailures"]] if answer else [_number(batch[0])]
        done = [_number(each) for each in batch].index(failed[0]) if failed else len(batch)
        again = not failed and self.twice()
        shard.position += 0 if again else done
        self.clock.after(AGAIN_SECONDS if failed or again else POLL_SECONDS, lambda: self._read(shard))


@dataclass(slots=True)
class TableStream:
    """All changes of the table, with the functions that read them."""

    clock: Clock
    readers: tuple[Reader, ...] = ()
    records: list[Record] = field(default_factory=list)
    """Every change, whichever functions it invokes."""
    _numbers: count[int] = field(default_factory=lambda: count(100_000_000_000_000_000_000))

    def note(self, before: Any, after: Any) -> None:  # noqa: ANN401 -- items
        """An item has changed."""
        images = {name: image for name, image in (("OldImage", before), ("NewImage", after)) if image}
        change = {
            "Keys": {name: after[name] for name in ("call_session_id", "item")},
            "SequenceNumber": str(next(self._numbers)),
            "ApproximateCreationDateTime": int(self.clock.datetime().timestamp()),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        }
        kind = "MODIFY" if before else "INSERT"
        record = {"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": json.loads(json.dumps(change))}
        self.records.append(record)
        for reader in self.readers:
            reader.take(record)


def _number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])
