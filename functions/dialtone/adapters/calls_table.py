"""The calls table: one partition per phone call, with its legs, its timeline and the ledger of its recordings.

Keys: `call_session_id`, and `item` which is `LEG#<leg>`, `EVENT#<occurred_at>#<event id>`, `RECORDING#<recording>` or,
of a text that is of no recording, `SAID#<text>`. The table also holds the versions of flows that calls began with:
`FLOW#<flow>`, with items `FLOW#<version>`; `CALLER#<hash of a number>` with the item `MEMORY`, what flows remember of
that caller; `SWEEP#recordings`, which says until when Telnyx's recordings were compared with the ledger;
`TEXT#<message>`, the call that had a text sent; the published flows (`flow_versions_table.py`), and campaigns
(`campaigns_table.py`).

The index `due` holds the ledger entries that are not settled, and the legs that have not ended: only they have its
keys, `due_shard` and `due_at`. What a look into it costs grows with what is outstanding, not with the table.

A leg's item says in `outbox` what happened in the call's life when it was written: the table's stream brings it to the
events function.

The index `began` holds every leg under the day on which it began, in one of two shards, `began_on`, in the order of
`began_at`: calls are listed by it.

The index `named` leads from a leg's id, and from its call-control id, to its call. Its key is `control_id`: a leg's
item has its call-control id there, and the item of a leg's first event the leg's id. So each is written into it once.
"""

from __future__ import annotations

import heapq
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from botocore.exceptions import ClientError

from dialtone.adapters.dynamodb_items import attributes, below, plain, queried
from dialtone.adapters.flow_versions_table import LIVE, LIVE_KEY, files_key, picture_key, texts_in
from dialtone.domain.caller_memory import is_remembered_anew, remembered
from dialtone.domain.calls import Call
from dialtone.domain.commands import Command
from dialtone.domain.compact_json import compact, expanded, plain_json
from dialtone.domain.deadline import NO_DEADLINE, request_until
from dialtone.domain.delivery_targets import targets_text
from dialtone.domain.errors import DialtoneError
from dialtone.domain.events import TEXT_ACCEPTED, recorded_payload
from dialtone.domain.life_cycle import call_changes
from dialtone.domain.live_version import Live
from dialtone.domain.lookups import Lookup
from dialtone.domain.message_addresses import message_addresses, withheld
from dialtone.domain.queues import CALLBACK_SECONDS, Callback, QueueQuestion
from dialtone.domain.recordings import FIRST_LOOK_SECONDS, ArchiveJob, Recording
from dialtone.domain.redaction import redacted_text
from dialtone.domain.retention import KEEP_DAYS, KEEP_TEXTS_DAYS, expires_at
from dialtone.domain.stored_records import restored, written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from dialtone.adapters.flow_versions_table import LiveCache
    from dialtone.domain.campaigns.call_notes import CallNote
    from dialtone.domain.campaigns.costs import Spent
    from dialtone.domain.campaigns.dial_id import DialId
    from dialtone.domain.decisions import Decision
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.events import Event
    from dialtone.domain.live_transcripts import LiveTranscript
    from dialtone.domain.recordings import Review, Transcription
    from dialtone.flow.loaded_flow import LoadedFlow

    Item = dict[str, Any]

MAX_PAYLOAD_CHARACTERS = 32_000
"""Of an event's payload in the timeline: an item holds 400 KB and also has to hold the decision."""

KEYS_AT_ONCE = 100
"""DynamoDB's limit per request."""

KEYS_ON_A_PAGE = 500
"""Page size of an index query: a full page would be a megabyte, and a list of fifty needs only its beginning."""

READ_TRIES = 3
"""How often keys that DynamoDB left unprocessed (throttling) are requested again."""
READ_PAUSE_SECONDS = 0.05

LEG, EVENT, RECORDING, FLOW, TEXT = "LEG#", "EVENT#", "RECORDING#", "FLOW#", "TEXT#"
SAID = "SAID#"
SWEEP = "SWEEP#"
NOTED = "leg "
"""Prefix of the attributes that note a campaign's calls: one per leg, so that a second call in a round is noticed."""
COSTS = "cost "
"""Prefix of the attributes with these calls' costs."""
QUEUE, CALLBACKS, CALLBACK = "QUEUE#", "CALLBACKS", "callback "
CALLER, MEMORY_ITEM = "CALLER#", "MEMORY"
CAMPAIGN_FLOW = "FLOW"

DUE_INDEX, DUE_SHARD, DUE_AT = "due", "due_shard", "due_at"
DUE_SHARDS = 4
"""An index partition takes 1,000 writes a second; beyond that it throttles the table's own writes."""

HELD_UNTIL = "held_until"
"""Attribute of a claim: the time until which it is held."""

OUTBOX, RESENT_AT = "outbox", "resent_at"
"""Attributes for the events function, which reads the table's stream: a leg's life-cycle events of this write, and, of
any item, when an operator requested that its events be resent."""

BEGAN_INDEX, BEGAN_ON, BEGAN_AT = "began", "began_on", "began_at"
BEGAN_SHARDS = 2
"""Shards per day: a leg is written to the index once, and the API does not admit more than 2,000 calls a second."""

HEARD_NOTED, HEARD_AT = "heard_noted", "heard_at"
"""Attributes of a ledger entry: whether it records links to its audio, and when the first was handed out. Entries of
earlier versions do not; the audit items have it."""

NAMED_INDEX, NAMED = "named", "control_id"

_CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
_OTHERS_WRITE = ("call_session_id", "review", "deliver")
"""Attributes of a ledger entry that the archive must not write: the key, and decisions of callers and flows."""
_NEW_CALL = Call("", "")
_CALL_FIELDS = tuple(name for name in Call._fields if name not in {"session_id", "leg_id"})


class LostRace(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the race was lost
    """Another event of the same call was committed meanwhile, or this one was: load and decide again."""


class ClaimLost(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the claim was lost
    """Another call claimed this callback first: look up the first in the queue again."""


class StoreUnavailable(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the store is unavailable
    """The table did not answer properly: the webhook must be redelivered."""


class StoredDecision(NamedTuple):
    """A decision as stored with its event: the commands to resend if the event is redelivered."""

    commands: tuple[Command, ...]
    archive: tuple[ArchiveJob, ...]
    turn: int
    """The call's turn after it."""
    at_seconds: float
    """When, in unix seconds."""
    lookup: Lookup | None = None
    question: QueueQuestion | None = None
    obeyed: frozenset[int] = frozenset()
    """Positions of the commands that Telnyx accepted, stored when it did not accept all."""


class Loaded(NamedTuple):
    """What the table holds when an event arrives."""

    call: Call | None
    decided: StoredDecision | None
    """Set if the event was processed before."""


class DueItem(NamedTuple):
    """An open ledger entry or leg that is due for a check."""

    call_session_id: str
    item: str
    due_at: int
    """Due time in unix seconds."""

    @classmethod
    def of_leg(cls, call: Call) -> DueItem:
        """The item of a leg, as read."""
        return cls(call.session_id, f"{LEG}{call.leg_id}", call.due_at)

    @property
    def is_leg(self) -> bool:
        """Whether it is a leg."""
        return self.item.startswith(LEG)

    @property
    def recording(self) -> str:
        """The name of the ledger entry; '' for a leg."""
        return self.item.removeprefix(RECORDING) if self.item.startswith(RECORDING) else ""

    @property
    def text(self) -> str:
        """The name of a transcript's ledger entry, of one without a recording; '' otherwise."""
        return self.item.removeprefix(SAID) if self.item.startswith(SAID) else ""

    @property
    def leg_id(self) -> str:
        """The leg's id; '' for a ledger entry."""
        return self.item.removeprefix(LEG) if self.item.startswith(LEG) else ""


class BegunLeg(NamedTuple):
    """A leg's key, and when it began, in unix seconds."""

    session_id: str
    leg_id: str
    began_at: int


class TimelineEntry(NamedTuple):
    """One event as the timeline keeps it."""

    event_id: str
    event_type: str
    occurred_at: str
    call_leg_id: str
    payload: Mapping[str, Any]
    reason: str
    step: str
    turn: int
    commands: tuple[Command, ...]
    attempt: int = 0
    """The delivery that was processed, from 2; 0 for the first, or if unknown."""
    delivered_to: str = ""
    """Host and path of that delivery, if it was not the first."""


class CallsTable:
    """Reads and writes the calls table."""

    def __init__(self, client: DynamoDBClient, table: str, live: LiveCache | None = None) -> None:
        self._client = client
        self._table = table
        self._live = live
        """The cache of the live flows version, which is read along with calls."""

    def load(self, event: Event, deadline: float = NO_DEADLINE) -> Loaded:
        """An event's call, and whether the event was processed before: one strongly consistent read.

        Raises StoreUnavailable if DynamoDB leaves keys unprocessed, botocore's errors if it does not answer, and
        DeadlinePassed if no time is left.
        """
        leg_key = _key(event.call_session_id, f"{LEG}{event.owner_leg_id}")
        event_key = _key(event.call_session_id, _event_item(event))
        along = self._live is not None and self._live.is_stale(begins=event.type == "call.initiated")
        keys = [leg_key, event_key, *([LIVE_KEY] if along else [])]
        items = {item["item"]: item for item in self._read(keys, deadline)}
        if self._live is not None and along:
            self._live.keep(items.get(LIVE))
        leg, known = items.get(leg_key["item"]["S"]), items.get(event_key["item"]["S"])
        return Loaded(call_from_item(leg) if leg else None, _decided(known) if known else None)

    def decided(self, event: Event, deadline: float = NO_DEADLINE) -> StoredDecision:
        """The decision on an event that was processed before; strongly consistent.

        Raises StoreUnavailable if it is gone.
        """
        found = self._read([_key(event.call_session_id, _event_item(event))], deadline)
        if not found:
            raise StoreUnavailable(f"the decision on event {event.id} is not in the table any more")
        return _decided(found[0])

    def note_obeyed(self, event: Event, places: Collection[int], deadline: float = NO_DEADLINE) -> None:
        """Store which commands of a decision Telnyx has accepted, by position."""
        with request_until(deadline, "UpdateItem"):
            self._client.update_item(
                TableName=self._table,
                Key=_key(event.call_session_id, _event_item(event)),
                UpdateExpression="SET obeyed = :obeyed",
                ConditionExpression="event_id = :event_id",
                ExpressionAttributeValues=attributes({":obeyed": sorted(places), ":event_id": event.id}),
            )

    def commit(  # noqa: PLR0913 -- the last two may be left out
        self,
        event: Event,
        before: Call,
        decision: Decision,
        *,
        at_seconds: float,
        flow: LoadedFlow | None = None,
        snapshot: LoadedFlow | None = None,
        deadline: float = NO_DEADLINE,
    ) -> None:
        """Store the event, its decision, its changes and a snapshot of the flow's version in one transaction.

        Raises LostRace if the event is already stored or the call has changed since it was loaded; ClaimLost if another
        call has claimed the callback.
        """
        writes: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": attributes(_event_fields(event, before, decision, at_seconds, flow)),
                    "ConditionExpression": "attribute_not_exists(call_session_id)",
                }
            }
        ]
        if _is_changed(before, decision):
            writes.append({"Put": self._leg_put(before, decision, event)})
        if event.type == TEXT_ACCEPTED:
            writes.append({"Put": {"TableName": self._table, "Item": attributes(_text_fields(event))}})
        asked = {each.recording: each.targets for each in decision.deliveries}
        for recording in decision.recordings:
            recording = recording._replace(deliver=asked.pop(recording.name, recording.deliver))  # noqa: PLW2901 -- itself
            item = {**recording.to_json(), **_due(recording), "item": f"{RECORDING}{recording.name}", HEARD_NOTED: True}
            writes.append({"Put": {"TableName": self._table, "Item": attributes(item)}})
        writes += self._live_transcript_entries(decision, event)
        writes += self._entry_updates(event, decision.reviews, asked)
        if snapshot:
            writes.append({"Put": {"TableName": self._table, "Item": attributes(_flow_fields(snapshot, event))}})
        writes += self._beside_the_call(decision)
        if flow and flow.main.memory_days and is_remembered_anew(before, decision.call):
            item = memory_item(decision.call.person, decision.call.variables, event.occurred_at, flow.main.memory_days)
            writes.append({"Put": {"TableName": self._table, "Item": item}})
        if decision.call.campaign:
            writes[1:1] = self._campaign_notes(event, before, decision.call)  # a claim has to be the last
        try:
            with request_until(deadline, "TransactWriteItems"):
                self._client.transact_write_items(TransactItems=writes)
        except ClientError as error:
            raise _commit_fault(error, claims=decision.claimed is not None) from None

    def place_of_text(self, message_id: str, deadline: float = NO_DEADLINE) -> tuple[str, str] | None:
        """The session and leg that sent a text (SMS); None if unknown: not ours, not stored yet, or expired."""
        found = self._read([_key(f"{TEXT}{message_id}", f"{TEXT}{message_id}")], deadline)
        return (found[0]["session_id"], found[0]["leg_id"]) if found else None

    def memory(self, person: str, at: str, deadline: float = NO_DEADLINE) -> Mapping[str, str]:
        """The variables remembered for a number at that time; strongly consistent.

        DynamoDB deletes expired items later; until then they are ignored.
        """
        found = self._read([memory_key(person)], deadline)
        if not found or found[0]["expires_at"] <= _seconds(at):
            return {}
        values: Mapping[str, str] = expanded(found[0]["variables"])
        return values

    def flow_texts(self, flow: str, version: str, deadline: float = NO_DEADLINE) -> Mapping[str, str] | None:
        """The files of a flow version, by name, as stored by the first call that used it; None if there are none."""
        found = self._read([_key(f"{FLOW}{flow}", f"{FLOW}{version}")], deadline)
        texts: Mapping[str, str] | None = expanded(found[0]["texts"]) if found else None
        return texts

    def campaign_texts(self, place: str, deadline: float = NO_DEADLINE) -> Mapping[str, str] | None:
        """The files of the flow with which a campaign was created, by name; None if there are none."""
        from dialtone.domain.campaigns.dial_id import CAMPAIGN, DialId  # noqa: PLC0415 -- other calls need none

        known = DialId.read(place)
        found = self._read([_key(f"{CAMPAIGN}{known.campaign}", CAMPAIGN_FLOW)], deadline) if known else []
        texts: Mapping[str, str] | None = expanded(found[0]["texts"]) if found else None
        return texts

    def published_texts(self, version: int, deadline: float = NO_DEADLINE) -> Mapping[str, str] | None:
        """The files of a published version of the flows, by name; None if there is no such version."""
        found = self._read([files_key(version)], deadline)
        return texts_in(found[0]) if found else None

    def flow_picture(self, flow: str, version: str) -> str | None:
        """The picture of a flow version, an SVG stored when it was published or deployed; None if there is none."""
        found = self._read([picture_key(flow, version)])
        return expanded(found[0]["picture"])["svg"] if found else None

    def live(self) -> Live:
        """The published version that takes new calls; strongly consistent."""
        found = self._read([LIVE_KEY])
        return Live.from_json(found[0]) if found else Live()

    def begun(self, since: int, until: int) -> Iterator[BegunLeg]:
        """Legs that began between two unix seconds, both inclusive; newest first."""
        day, first = (datetime.fromtimestamp(each, UTC).date() for each in (until, since))
        while day >= first:
            shards = (self._begun_on(f"{day}#{shard}", since, until) for shard in range(BEGAN_SHARDS))
            yield from heapq.merge(*shards, key=lambda each: each.began_at, reverse=True)
            day -= timedelta(days=1)

    def all_begun(self) -> list[BegunLeg] | None:
        """All legs, newest first, if they fit on one page of the index (about 7,000), else None. One request."""
        page: Any = self._client.scan(TableName=self._table, IndexName=BEGAN_INDEX)
        if page.get("LastEvaluatedKey"):
            return None
        return sorted(map(_begun, map(plain, page["Items"])), key=lambda each: each.began_at, reverse=True)

    def _begun_on(self, shard: str, since: int, until: int) -> Iterator[BegunLeg]:
        asked: Any = {
            "TableName": self._table,
            "IndexName": BEGAN_INDEX,
            "KeyConditionExpression": f"{BEGAN_ON} = :shard AND {BEGAN_AT} BETWEEN :since AND :until",
            "ExpressionAttributeValues": attributes({":shard": shard, ":since": since, ":until": until}),
            "ScanIndexForward": False,
            "Limit": KEYS_ON_A_PAGE,
        }
        for item in queried(self._client, **asked) if since <= until else ():
            yield _begun(item)

    def session_named(self, name: str) -> str | None:
        """The session of the leg with that leg id or call-control id; None if there is none. One request."""
        found: Any = self._client.query(
            TableName=self._table,
            IndexName=NAMED_INDEX,
            KeyConditionExpression=f"{NAMED} = :name",
            ExpressionAttributeValues=attributes({":name": name}),
            Limit=1,
        )
        return next((plain(item)["call_session_id"] for item in found["Items"]), None)

    def is_session(self, name: str) -> bool:
        """Whether there is a call with that session; strongly consistent. One request."""
        # Only a call's partition has a call's item as the first between these names.
        found: Any = self._client.query(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="call_session_id = :session AND #item BETWEEN :first AND :last",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues=attributes({":session": name, ":first": EVENT, ":last": f"{RECORDING}~"}),
            Limit=1,
        )
        return any(plain(item)["item"].startswith((EVENT, LEG, RECORDING)) for item in found["Items"])

    def calls(self, legs: Iterable[BegunLeg]) -> Iterator[Call]:
        """The legs with these keys; strongly consistent. Deleted ones are left out."""
        left = iter(legs)
        while some := list(islice(left, KEYS_AT_ONCE)):
            yield from map(call_from_item, self._read([_key(each.session_id, f"{LEG}{each.leg_id}") for each in some]))

    def recording(self, call_session_id: str, name: str) -> Recording | None:
        """A ledger entry, or None; strongly consistent."""
        found = self._read([_key(call_session_id, f"{RECORDING}{name}")])
        return Recording.from_json(found[0]) if found else None

    def recordings(self, call_session_id: str, call_leg_id: str = "") -> tuple[Recording, ...]:
        """The ledger of a phone call, or of one of its legs; strongly consistent."""
        items = self._query(call_session_id, f"{RECORDING}{call_leg_id}")
        return tuple(Recording.from_json(item) for item in items)

    def live_transcript(self, call_session_id: str, name: str) -> LiveTranscript | None:
        """The ledger entry of a text that is of no recording, or None; strongly consistent."""
        from dialtone.domain.live_transcripts import LiveTranscript  # noqa: PLC0415 -- few calls have any

        found = self._read([_key(call_session_id, f"{SAID}{name}")])
        return LiveTranscript.from_json(found[0]) if found else None

    def live_transcripts(self, call_session_id: str) -> tuple[LiveTranscript, ...]:
        """All such entries of a phone call; strongly consistent."""
        from dialtone.domain.live_transcripts import LiveTranscript  # noqa: PLC0415 -- as above

        found = map(LiveTranscript.from_json, self._query(call_session_id, SAID))
        return tuple(each for each in found if each)

    def mark_live_transcript(self, text: LiveTranscript) -> bool:
        """Write such an entry as it is now, unless more is to be kept by now, or it was erased: then it stays."""
        changed = {name: value for name, value in text.to_json().items() if name != "call_session_id"}
        names = {f"#{place}": name for place, name in enumerate(changed)}
        values = {f":{place}": value for place, value in enumerate(changed.values())}
        update = "SET " + ", ".join(f"#{place} = :{place}" for place in range(len(changed)))
        return self._updated(
            Key=_key(text.call_session_id, f"{SAID}{text.name}"),
            UpdateExpression=f"{update} REMOVE {DUE_SHARD}, {DUE_AT}",
            ConditionExpression="requested_at = :seen",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=attributes(values | {":seen": text.requested_at}),
        )

    def mark_recording(self, recording: Recording, *, was: tuple[str, ...]) -> bool:
        """Write a ledger entry if its stored status is one of `was`.

        False if it is not, because another process was faster, or if there is no entry. A settled entry leaves the
        index `due`.
        """
        due = _due(recording)
        changed = recording.to_json() | due
        for name in _OTHERS_WRITE:
            changed.pop(name)
        names = {f"#{place}": name for place, name in enumerate(changed)}
        values = {f":{place}": value for place, value in enumerate(changed.values())}
        allowed = {f":was{place}": status for place, status in enumerate(was)}
        update = "SET " + ", ".join(f"#{place} = :{place}" for place in range(len(changed)))
        return self._updated(
            Key=_key(recording.call_session_id, f"{RECORDING}{recording.name}"),
            UpdateExpression=update if due else f"{update} REMOVE {DUE_SHARD}, {DUE_AT}",
            ConditionExpression=f"#status IN ({', '.join(allowed)})",
            ExpressionAttributeNames=names | {"#status": "status"},
            ExpressionAttributeValues=attributes(values | allowed),
        )

    def due_items(self, now_seconds: float, most: int) -> tuple[DueItem, ...]:
        """Open items that are due, oldest first, at most that many; eventually consistent."""
        found = [due for shard in range(DUE_SHARDS) for due in self._due_in(shard, now_seconds, most)]
        return tuple(sorted(found, key=lambda due: due.due_at)[:most])

    def unsettled_recordings(self, most: int) -> tuple[tuple[Recording, ...], bool]:
        """Unsettled ledger entries, at most that many, and whether these are all; one page per shard."""
        asked: Any = {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": f"{DUE_SHARD} = :shard",
            "FilterExpression": "begins_with(#item, :recording)",
            "ExpressionAttributeNames": {"#item": "item"},
        }
        keys: list[Item] = []
        is_whole = True
        for shard in range(DUE_SHARDS):
            values = attributes({":shard": str(shard), ":recording": RECORDING})
            page = self._client.query(**asked, ExpressionAttributeValues=values)
            keys += (_key(each["call_session_id"], each["item"]) for each in map(plain, page["Items"]))
            is_whole = is_whole and "LastEvaluatedKey" not in page
        found = [
            each
            for place in range(0, min(len(keys), most), KEYS_AT_ONCE)
            for each in self._read(keys[place : place + KEYS_AT_ONCE])
        ]
        return tuple(map(Recording.from_json, found)), is_whole and len(keys) <= most

    def move_due(self, due: DueItem, until: int) -> bool:
        """Postpone an item. False if another process has moved or settled it."""
        return self._updated(
            Key=_key(due.call_session_id, due.item),
            UpdateExpression=f"SET {DUE_AT} = :until",
            ConditionExpression=f"{DUE_AT} = :seen",
            ExpressionAttributeValues=attributes({":until": until, ":seen": due.due_at}),
        )

    def drop_due(self, due: DueItem) -> None:
        """Remove a settled item from the index: an ended leg, or an entry left there by an earlier version."""
        self._updated(
            Key=_key(due.call_session_id, due.item),
            UpdateExpression=f"REMOVE {DUE_SHARD}, {DUE_AT}",
            ConditionExpression=f"{DUE_AT} = :seen",
            ExpressionAttributeValues=attributes({":seen": due.due_at}),
        )

    def compared_until(self) -> int | None:
        """The unix time up to which Telnyx's recordings were compared with the ledger; None if never."""
        found = next(self._query(f"{SWEEP}recordings", SWEEP), None)
        return int(found["compared_until"]) if found else None

    def note_compared(self, until: int) -> None:
        """Store that time; of two simultaneous sweeps the later time wins."""
        self._updated(
            Key=_key(f"{SWEEP}recordings", f"{SWEEP}recordings"),
            UpdateExpression="SET compared_until = :until",
            ConditionExpression="attribute_not_exists(compared_until) OR compared_until < :until",
            ExpressionAttributeValues=attributes({":until": until}),
        )

    def mark_transcription(self, due: DueItem, transcription: Transcription) -> bool:
        """Store the status of an entry's transcription.

        False if it is settled, or another sweep has the entry. Writes only this field: the archive may be writing the
        others.
        """
        return self._updated(
            Key=_key(due.call_session_id, due.item),
            UpdateExpression="SET transcription = :transcription",
            ConditionExpression=f"{DUE_AT} = :seen",
            ExpressionAttributeValues=attributes({":transcription": transcription._asdict(), ":seen": due.due_at}),
        )

    def mark_resent(self, call_session_id: str, item: str, at: str) -> bool:
        """Mark an item so that the events function resends its events. False if there is no such item."""
        return self._updated(
            Key=_key(call_session_id, item),
            UpdateExpression=f"SET {RESENT_AT} = :at",
            ConditionExpression="call_session_id = :session",
            ExpressionAttributeValues=attributes({":at": at, ":session": call_session_id}),
        )

    def claim(self, call_session_id: str, item: str, *, now: int, until: int, expires_at: int) -> bool:
        """Claim an item in a call's partition until that time, if it is free; creates it if needed."""
        return self._updated(
            Key=_key(call_session_id, item),
            UpdateExpression=f"SET {HELD_UNTIL} = :until, expires_at = :expires_at",
            ConditionExpression=f"attribute_not_exists({HELD_UNTIL}) OR {HELD_UNTIL} < :now",
            ExpressionAttributeValues=attributes({":until": until, ":now": now, ":expires_at": expires_at}),
        )

    def held_until(self, call_session_id: str, item: str) -> int:
        """The unix time until which an item is claimed; 0 if it is not; strongly consistent."""
        found = self._read([_key(call_session_id, item)])
        return int(found[0].get(HELD_UNTIL, 0)) if found else 0

    def hold(self, call_session_id: str, item: str, until: int) -> None:
        """Change the time until which an item is claimed."""
        self._updated(
            Key=_key(call_session_id, item),
            UpdateExpression=f"SET {HELD_UNTIL} = :until",
            ConditionExpression="call_session_id = :session",
            ExpressionAttributeValues=attributes({":until": until, ":session": call_session_id}),
        )

    def _due_in(self, shard: int, now_seconds: float, most: int) -> Iterator[DueItem]:
        asked: Any = {
            "TableName": self._table,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": f"{DUE_SHARD} = :shard AND {DUE_AT} <= :now",
            "ExpressionAttributeValues": attributes({":shard": str(shard), ":now": int(now_seconds)}),
            "Limit": most,  # index items have only keys: as many as we request fit on a page
        }
        for item in map(plain, self._client.query(**asked)["Items"]):
            yield DueItem(item["call_session_id"], item["item"], item[DUE_AT])

    def _updated(self, **update: Any) -> bool:  # noqa: ANN401 -- boto's own parameters
        """Update an item; False if the condition did not hold."""
        try:
            self._client.update_item(TableName=self._table, **update)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def leg(self, call_session_id: str, call_leg_id: str, deadline: float = NO_DEADLINE) -> Call | None:
        """A leg, or None; strongly consistent."""
        found = self._read([_key(call_session_id, f"{LEG}{call_leg_id}")], deadline)
        return call_from_item(found[0]) if found else None

    def legs(self, call_session_id: str) -> tuple[Call, ...]:
        """Every leg of a phone call."""
        return tuple(call_from_item(item) for item in self._query(call_session_id, LEG))

    def timeline(self, call_session_id: str) -> tuple[TimelineEntry, ...]:
        """All events of a phone call, in order."""
        return tuple(_timeline_entry(item) for item in self._query(call_session_id, EVENT))

    def happened_at(self, call_session_id: str, occurred_at: str) -> tuple[TimelineEntry, ...]:
        """The events at one time: one of our own and the refusals of its commands; strongly consistent."""
        return tuple(_timeline_entry(item) for item in self._query(call_session_id, f"{EVENT}{occurred_at}#"))

    def delete(self, call_session_id: str) -> None:
        """Delete every item of a synthetic call. A real call is kept, or erased with a receipt."""
        for kind in (EVENT, RECORDING, SAID, LEG):
            for item in self._query(call_session_id, kind):
                self._client.delete_item(TableName=self._table, Key=_key(call_session_id, item["item"]))

    def _campaign_notes(self, event: Event, before: Call, after: Call) -> list[TransactWriteItemTypeDef]:
        """The writes that note a campaign's call for the campaign; none if nothing has changed."""
        # Only loaded for campaigns' calls.
        from dialtone.domain.campaigns.call_notes import note_of  # noqa: PLC0415
        from dialtone.domain.campaigns.costs import added_cost  # noqa: PLC0415
        from dialtone.domain.campaigns.dial_id import DialId  # noqa: PLC0415

        dial, note = DialId.read(after.campaign), note_of(after)
        if dial is None or note is None:
            return []
        added = added_cost(before, after)
        if note == note_of(before) and not added.millionths:
            return []
        noted = campaign_note(self._table, dial, note, expires_at(event.occurred_at, KEEP_DAYS), cost=after.cost)
        return [noted, campaign_cost(self._table, dial, added)] if added.millionths else [noted]

    def _leg_put(self, before: Call, decision: Decision, event: Event) -> Any:  # noqa: ANN401 -- boto's nested dictionaries
        call = decision.call._replace(version=before.version + 1, due_at=_leg_due_at(before, decision, event))
        put: Item = {
            "TableName": self._table,
            "Item": attributes(_call_fields(call, event) | _outbox(before, call)),
            "ConditionExpression": "attribute_not_exists(version)",
        }
        if before.version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = attributes({":version": before.version})
        return put

    def _live_transcript_entries(self, decision: Decision, event: Event) -> list[TransactWriteItemTypeDef]:
        """What the decision's jobs are to keep of what was said, as entries of the ledger."""
        if not decision.archive:
            return []
        from dialtone.domain.live_transcripts import LiveTranscript  # noqa: PLC0415 -- as above

        entries = LiveTranscript.expected_by(decision.archive, event.occurred_at)
        items = ({**each.to_json(), **_due(each), "item": f"{SAID}{each.name}"} for each in entries)
        return [{"Put": {"TableName": self._table, "Item": attributes(item)}} for item in items]

    def _entry_updates(
        self, event: Event, reviews: Iterable[Review], asked: Mapping[str, tuple[DeliveryTarget, ...]]
    ) -> list[TransactWriteItemTypeDef]:
        """One update per entry, of these fields only: the archive may be writing the others."""
        changes: dict[str, Item] = {}
        for review in reviews:
            changes.setdefault(review.recording, {})["review"] = review.verdict
        for name, targets in asked.items():
            changes.setdefault(name, {})["deliver"] = targets_text(targets)
        return [
            {
                "Update": {
                    "TableName": self._table,
                    "Key": _key(event.call_session_id, f"{RECORDING}{name}"),
                    "UpdateExpression": "SET " + ", ".join(f"{field} = :{field}" for field in changed),
                    "ExpressionAttributeValues": attributes({f":{field}": value for field, value in changed.items()}),
                }
            }
            for name, changed in changes.items()
        ]

    def callbacks(self, queue: str, deadline: float = NO_DEADLINE) -> tuple[Callback, ...]:
        """The callbacks of a queue, in order; strongly consistent."""
        found = self._read([_key(f"{QUEUE}{queue}", CALLBACKS)], deadline)
        kept = [value for name, value in found[0].items() if name.startswith(CALLBACK)] if found else []
        places = (restored(Callback, expanded(each)) for each in kept)
        return tuple(sorted(places, key=lambda each: each.since_millis))

    def _beside_the_call(self, decision: Decision) -> Iterator[TransactWriteItemTypeDef]:
        """A decision's writes outside the call's partition: callbacks in queues, the suppression list."""
        if decision.promised:
            yield {"Update": self._promise(decision.promised)}
        if decision.claimed:
            yield {"Update": self._claim(decision.claimed)}
        if decision.opted_out:
            from dialtone.adapters.campaign_numbers import suppression_item  # noqa: PLC0415 -- not needed at start

            yield {"Put": {"TableName": self._table, "Item": suppression_item(decision.opted_out)}}

    def _promise(self, callback: Callback) -> Any:  # noqa: ANN401 -- as above
        """One attribute per callback, so that callers do not conflict."""
        expires = callback.since_millis // 1_000 + CALLBACK_SECONDS
        return {
            "TableName": self._table,
            "Key": _key(f"{QUEUE}{callback.queue}", CALLBACKS),
            "UpdateExpression": "SET #callback = :callback, expires_at = :expires_at",
            "ExpressionAttributeNames": {"#callback": f"{CALLBACK}{callback.call_leg_id}"},
            "ExpressionAttributeValues": attributes({":callback": compact(callback._asdict()), ":expires_at": expires}),
        }

    def _claim(self, callback: Callback) -> Any:  # noqa: ANN401 -- as above
        return {
            "TableName": self._table,
            "Key": _key(f"{QUEUE}{callback.queue}", CALLBACKS),
            "UpdateExpression": "REMOVE #callback",
            "ConditionExpression": "attribute_exists(#callback)",
            "ExpressionAttributeNames": {"#callback": f"{CALLBACK}{callback.call_leg_id}"},
        }

    def _read(self, keys: list[Item], deadline: float = NO_DEADLINE) -> list[Item]:
        wanted: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
        items: list[Item] = []
        for _ in range(READ_TRIES):
            with request_until(deadline, "BatchGetItem"):
                answer = self._client.batch_get_item(RequestItems=wanted)
            items += answer["Responses"].get(self._table, [])
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return [plain(item) for item in items]
            time.sleep(READ_PAUSE_SECONDS)
        raise StoreUnavailable("DynamoDB left keys unread: the table or a partition is throttled")

    def _query(self, call_session_id: str, prefix: str) -> Iterator[Item]:
        return queried(self._client, **below(self._table, call_session_id, prefix))


def campaign_note(
    table: str, dial: DialId, note: CallNote, expires_at: int, *, cost: int = 0
) -> TransactWriteItemTypeDef:
    """The write that notes a campaign's call, for the transaction of its event."""
    setting, names = "SET #leg = :note, expires_at = :expires_at", {"#leg": f"{NOTED}{note.leg_id}"}
    values: Item = {":note": compact(note._asdict()), ":expires_at": expires_at}
    if cost:
        setting, names["#cost"], values[":cost"] = f"{setting}, #cost = :cost", f"{COSTS}{note.leg_id}", cost
    return {
        "Update": {
            "TableName": table,
            "Key": _key(dial.partition, dial.call_item),
            "UpdateExpression": setting,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": attributes(values),
        }
    }


def campaign_cost(table: str, dial: DialId, added: Spent) -> TransactWriteItemTypeDef:
    """The write that adds to a campaign's costs, in the transaction of the event that reports them: it counts once."""
    return {
        "Update": {
            "TableName": table,
            "Key": _key(*dial.cost_item),
            "UpdateExpression": "ADD cost :cost, calls :calls",
            "ExpressionAttributeValues": attributes({":cost": added.millionths, ":calls": added.calls}),
        }
    }


def _key(call_session_id: str, item: str) -> Item:
    return {"call_session_id": {"S": call_session_id}, "item": {"S": item}}


def memory_key(person: str) -> Item:
    """The key of a number's remembered variables. It is hashed, because keys appear in AWS's metrics and logs."""
    return _key(f"{CALLER}{sha256(person.encode()).hexdigest()}", MEMORY_ITEM)


def memory_item(person: str, variables: Mapping[str, str], at: str, days: int) -> Item:
    """The item with a number's remembered variables."""
    return {
        **memory_key(person),
        **attributes({"variables": compact(remembered(variables)), "expires_at": expires_at(at, days)}),
    }


def _due(entry: Recording | LiveTranscript) -> Item:
    """The keys of the index `due` for an unsettled entry; none for a settled one."""
    first_look = entry.first_look_seconds
    if first_look is None:
        return {}
    return {DUE_SHARD: _shard(entry.name), DUE_AT: first_look}


def _begun(item: Mapping[str, Any]) -> BegunLeg:
    return BegunLeg(item["call_session_id"], item["item"].removeprefix(LEG), item[BEGAN_AT])


def _shard(name: str) -> str:
    return str(crc32(name.encode()) % DUE_SHARDS)


def _leg_due_at(before: Call, decision: Decision, event: Event) -> int:
    """When a sweep checks a leg; 0 once it has ended.

    It stays as it was read, so that only the sweep writes the index in between. An ended call may have callees to hang
    up on, or steps after the hang-up; the leg stays in the index until a sweep has checked them.
    """
    call = decision.call
    if not call.control_id:
        return 0  # there is no leg to ask about
    if decision.commands or call.goes_on or not call.ended_at:
        return call.due_at or _seconds(event.occurred_at) + FIRST_LOOK_SECONDS
    return call.due_at if before.ended_at else 0


def _event_item(event: Event) -> str:
    return f"{EVENT}{event.occurred_at}#{event.id}"


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _event_fields(event: Event, before: Call, decision: Decision, at_seconds: float, flow: LoadedFlow | None) -> Item:
    addresses = flow.audio_addresses if flow else frozenset[str]()
    keep_digits = flow is not None and flow.keeps_digits(before, event)
    keep_words = flow is not None and flow.keeps_words(before, event)
    kept = recorded_payload(event, keep_digits=keep_digits, keep_words=keep_words, addresses=addresses)
    payload = plain_json(kept)
    hidden = message_addresses(event, before, decision.call)
    if len(payload) > MAX_PAYLOAD_CHARACTERS:
        payload = plain_json({"left_out": f"a payload of {len(payload)} characters"})
    return {
        "call_session_id": event.call_session_id,
        "item": _event_item(event),
        "event_id": event.id,
        "event_type": event.type,
        "occurred_at": event.occurred_at,
        "call_leg_id": event.call_leg_id,
        "payload": payload,
        "commands": compact([withheld(each, hidden).to_json() for each in decision.commands]),
        "archive": compact([each.to_json() for each in decision.archive]),
        **({"lookup": compact(decision.lookup.to_json())} if decision.lookup else {}),
        **({"question": compact(decision.question.to_json())} if decision.question else {}),
        "reason": redacted_text(decision.reason or decision.edges),
        # An event without a call has no leg, and index keys must not be empty.
        **({NAMED: decision.call.leg_id} if decision.call.leg_id and not before.version else {}),
        **({"attempt": event.attempt} if event.attempt > 1 else {}),
        **({"delivered_to": event.delivered_to} if event.delivered_to else {}),
        "step": decision.call.step,
        "turn": decision.call.turn,
        "decided_at_millis": int(at_seconds * 1_000),
        "expires_at": expires_at(event.occurred_at, KEEP_DAYS),
    }


def _is_changed(before: Call, decision: Decision) -> bool:
    """Whether the leg is written.

    A mere confirmation of its only open command is not: each later event confirms it, too.
    """
    after, waiting = decision.call, before.unconfirmed
    confirms = waiting is not None and waiting != after.unconfirmed and len(waiting.places) > 1
    return bool(decision.commands) or confirms or after != before or after.recent != before.recent


def _text_fields(event: Event) -> Item:
    """The call that sent a text: Telnyx's events about texts have only the text's id. Holds no personal data."""
    key = f"{TEXT}{event.text('message_id')}"
    return {
        "call_session_id": key,
        "item": key,
        "session_id": event.call_session_id,
        "leg_id": event.owner_leg_id,
        "expires_at": expires_at(event.occurred_at, KEEP_TEXTS_DAYS),
    }


def _flow_fields(flow: LoadedFlow, event: Event) -> Item:
    """A version in its flow's partition, so that it is stored once and not with every call."""
    return {
        "call_session_id": f"{FLOW}{flow.name}",
        "item": f"{FLOW}{flow.version}",
        "texts": compact(dict(flow.texts)),
        "expires_at": expires_at(event.occurred_at, KEEP_DAYS),
    }


def _decided(item: Item) -> StoredDecision:
    return StoredDecision(
        commands=_commands(item),
        archive=tuple(ArchiveJob.from_json(each) for each in expanded(item.get("archive", "[]"))),
        turn=item["turn"],
        at_seconds=item["decided_at_millis"] / 1_000,
        lookup=Lookup.from_json(expanded(item["lookup"])) if item.get("lookup") else None,
        question=QueueQuestion.from_json(expanded(item["question"])) if item.get("question") else None,
        obeyed=frozenset(item.get("obeyed", ())),
    )


def _timeline_entry(item: Item) -> TimelineEntry:
    return restored(TimelineEntry, {**item, "payload": expanded(item["payload"]), "commands": _commands(item)})


def _commands(item: Item) -> tuple[Command, ...]:
    return tuple(Command.from_json(each) for each in expanded(item["commands"]))


def _call_fields(call: Call, event: Event) -> Item:
    """The call's fields without defaults, which reading restores: each attribute costs bytes, and CPU four times."""
    kept = {name: value for name in _CALL_FIELDS if (value := getattr(call, name)) != getattr(_NEW_CALL, name)}
    plain_values = {
        "left": {name: value for name, value in written(call.left).items() if value} if call.left else None,
        "far_legs": {leg_id: leg._asdict() for leg_id, leg in call.far_legs.items()},
        "recordings": [recording.to_json() for recording in call.recordings],
        "scopes": [scope._asdict() for scope in call.scopes],
        "reported": [report._asdict() for report in call.reported],
        "consent": call.consent._asdict() if call.consent else None,
        "unconfirmed": call.unconfirmed.to_json() if call.unconfirmed else None,
        "watch": call.watch._asdict() if call.watch else None,
        "outside": call.outside.to_json() if call.outside else None,
    }
    return {
        **kept,
        **{name: value for name, value in plain_values.items() if name in kept},
        **({"outcome": call.outcome} if call.ended_at else {}),
        **({DUE_SHARD: _shard(call.leg_id)} if call.due_at else {}),
        **_began(call),
        "call_session_id": call.session_id,
        "item": f"{LEG}{call.leg_id}",
        "call_leg_id": call.leg_id,
        "expires_at": expires_at(event.occurred_at, KEEP_DAYS),
    }


def _outbox(before: Call, call: Call) -> Item:
    """The call's life-cycle events, if any."""
    happened = call_changes(before, call)
    return {OUTBOX: " ".join(happened)} if happened else {}


def _began(call: Call) -> Item:
    """The keys of the index `began`. They change only if a leg's first event arrives after a later one."""
    began = call.initiated_at or call.answered_at or call.ended_at
    if not began:
        return {}
    shard = crc32(call.leg_id.encode()) % BEGAN_SHARDS
    return {BEGAN_ON: f"{began[: len('2026-11-30')]}#{shard}", BEGAN_AT: _seconds(began)}


def call_from_item(item: Item) -> Call:
    """The leg of an item in plain values. Raises KeyError for any other item."""
    return Call.from_json({**item, "session_id": item["call_session_id"], "leg_id": item["call_leg_id"]})


def _commit_fault(error: ClientError, *, claims: bool) -> DialtoneError | ClientError:
    if error.response["Error"]["Code"] == "TransactionConflictException":
        return LostRace()
    reasons: Any = error.response.get("CancellationReasons", [])
    if claims and [reason.get("Code") in _CONFLICTS for reason in reasons] == [*[False] * (len(reasons) - 1), True]:
        return ClaimLost()  # the claim is the last of the writes
    if any(reason.get("Code") in _CONFLICTS for reason in reasons):
        return LostRace()
    return error
