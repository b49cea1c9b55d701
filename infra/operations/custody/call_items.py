"""The items of a call in the table, as an erasure sees them: found by a caller, and stripped of all about people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from control.audit import AUDIT
from deliver.claims import DELIVERY
from dialtone.adapters.calls_table import EVENT, LEG, RECORDING, memory_key
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import ERASED
from infra.operations.custody.selection import OUTGOING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    RawItem = Mapping[str, Any]
    """In DynamoDB's format, so that unread attributes are written back unchanged."""

RECEIPT = "RECEIPT#"
"""The item that says in the table that a call was erased; the bucket's receipt is what counts."""

KEYS = ("call_session_id", "item")
KEPT = {
    LEG: (
        *("call_leg_id", "version", "status", "direction", "flow", "flow_version", "step", "turn", "recordings_asked"),
        *("initiated_at", "answered_at", "bridged_at", "ended_at", "hangup_cause", "hangup_source", "outcome"),
        *("expires_at", "due_shard", "due_at", "began_on", "began_at"),
    ),
    EVENT: (
        *("event_id", "event_type", "occurred_at", "call_leg_id", "step", "turn", "decided_at_millis", "expires_at"),
        *("payload", "commands", "archive", "reason", "control_id", "attempt"),
    ),
    RECORDING: (*("call_leg_id", "number", "turn", "requested_at", "source", "status", "flow", "flow_version"),),
    DELIVERY: ("held_until", "expires_at"),
    AUDIT: ("at", "by", "did", "recording", "expires_at"),
}
"""What stays of an item, by the beginning of its sort key: that it was, when, and in which flow. Whatever else there
is, also what a later version of the program adds, goes."""

EMPTIED = {
    LEG: {},
    EVENT: {"payload": {"S": "{}"}, "commands": {"S": "[]"}, "archive": {"S": "[]"}, "reason": {"S": ""}},
    RECORDING: {"status": {"S": ERASED}},
}
"""What stays, but holds nothing: a webhook that comes once more finds that it was there, and sends nothing."""

ROUNDS = 5
"""Of stripping what was written meanwhile."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items a call has."""

    legs: int
    events: int
    recordings: int


class CallItems:
    """The table, one call at a time. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def sessions_of(self, number: str) -> tuple[str, ...]:
        """The calls from or to a person's number, by their legs and recordings: the table is read as a whole."""
        asked: Any = {
            "TableName": self._table,
            "ConsistentRead": True,
            "FilterExpression": (
                "(begins_with(#item, :leg) OR begins_with(#item, :recording))"
                " AND (from_number = :number OR to_number = :number)"
            ),
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": attributes({":leg": LEG, ":recording": RECORDING, ":number": number}),
        }
        found = {item["call_session_id"] for item in map(plain, self._pages("scan", asked)) if _is_with(item, number)}
        return tuple(sorted(found))

    def of(self, call_session_id: str) -> list[RawItem]:
        """Every item of a call; strongly consistent."""
        asked: Any = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "call_session_id = :session",
            "ExpressionAttributeValues": attributes({":session": call_session_id}),
        }
        return list(self._pages("query", asked))

    def strip(self, call_session_id: str) -> int:
        """Take all about people out of a call's items; returns how many were written. Once more is the same as once.

        Raises DialtoneError if others go on writing them.
        """
        written = 0
        for _ in range(ROUNDS):
            left = [(item, bare) for item in self.of(call_session_id) if (bare := stripped(item)) != item]
            if not left:
                return written
            written += sum(self._replace(item, bare) for item, bare in left)
        raise DialtoneError(f"the call {call_session_id} is still being written: erase it again in a few minutes")

    def remembers(self, number: str) -> bool:
        """Whether flows remember anything of a person's number."""
        asked: Any = {"TableName": self._table, "Key": memory_key(number), "ConsistentRead": True}
        return bool(self._client.get_item(**asked).get("Item"))

    def forget(self, number: str) -> None:
        """Delete what flows remember of a person's number; once more is the same as once."""
        self._client.delete_item(TableName=self._table, Key=memory_key(number))

    def put_receipt(self, call_session_id: str, erased_at: str) -> None:
        """Note that a call was erased."""
        item = attributes({"call_session_id": call_session_id, "item": RECEIPT, "erased_at": erased_at})
        self._client.put_item(TableName=self._table, Item=item)

    def _replace(self, item: RawItem, bare: RawItem) -> bool:
        """False if it has been changed meanwhile."""
        seen = next((name for name in ("version", "status") if name in item), "item")
        try:
            self._client.put_item(
                TableName=self._table,
                Item=bare,
                ConditionExpression="#seen = :seen",
                ExpressionAttributeNames={"#seen": seen},
                ExpressionAttributeValues={":seen": item[seen]},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _pages(self, operation: str, asked: Any) -> Iterator[RawItem]:  # noqa: ANN401 -- boto's own parameters
        while True:
            page = getattr(self._client, operation)(**asked)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def stripped(item: RawItem) -> RawItem:
    """An item without anything about people; the same for one that was stripped."""
    sort_key = item["item"]["S"]
    if sort_key == RECEIPT:
        return item
    kind = next((kind for kind in KEPT if sort_key.startswith(kind)), "")
    kept = {name: item[name] for name in (*KEYS, *KEPT.get(kind, ("expires_at",))) if name in item}
    bare = kept | EMPTIED.get(kind, {})
    return {**bare, "version": _next(item["version"])} if "version" in bare and bare != item else bare


def _next(version: Mapping[str, str]) -> Mapping[str, str]:
    """A leg's version is incremented, so that an event being decided at the same time is decided again."""
    return {"N": str(int(version["N"]) + 1)}


def counts(items: list[RawItem]) -> Counts:
    """How many of each kind."""
    legs, events, recordings = (
        sum(item["item"]["S"].startswith(kind) for item in items) for kind in (LEG, EVENT, RECORDING)
    )
    return Counts(legs, events, recordings)


def _is_with(item: Mapping[str, Any], number: str) -> bool:
    """Whether the number is the one at the other end; either, where the direction is not known."""
    direction = item.get("direction", "")
    if not direction:
        return True
    return bool(item.get("to_number" if direction == OUTGOING else "from_number", "") == number)
