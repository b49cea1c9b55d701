"""Data of phone numbers across campaigns, in the calls table: the suppression list and the calls of a week.

A suppressed number is an item of its own, in one of ten partitions, `SUPPRESSED#<last digit>`: one read finds a number,
and ten queries list all. It stays until somebody removes it. The campaigns' calls to a number are in
`DIALLED#<number>`, item `WEEK`, which expires a day after the last of them stops counting.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from dialtone.adapters.dynamodb_items import attributes, below, plain, queried
from dialtone.domain.campaigns.dialling_rules import WEEK_SECONDS, History
from dialtone.domain.campaigns.suppression import Suppression
from dialtone.domain.errors import DialtoneError
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    Item = dict[str, Any]

SUPPRESSED, DIALLED, WEEK = "SUPPRESSED#", "DIALLED#", "WEEK"

LAST_DIGITS = "0123456789"

KEYS_AT_ONCE = 100
"""DynamoDB's limit for BatchGetItem."""
PUTS_AT_ONCE = 25
"""DynamoDB's limit for BatchWriteItem."""

MORE_TRIES = 5
"""How often unprocessed keys or items (throttling) are requested again."""
PAUSE_SECONDS = 0.1

KEEP_SECONDS = 86_400
"""Beyond the week: TTL deletes late, never early, and clocks differ."""


class Throttled(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the table is throttled
    """DynamoDB repeatedly left a part of a request unprocessed."""

    def __init__(self) -> None:
        super().__init__("the table is throttled for a moment: run this again in a minute")


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """What is known of a number."""

    number: str
    suppressed: bool = False
    calls: Mapping[str, int] = field(default_factory=dict)
    """Attempt's id → when it was dialled, in unix seconds. The id is the same if an attempt is repeated."""
    revision: int = 0

    def history(self, claim: str = "") -> History:
        """The history for the rules.

        An attempt does not count against itself, so that a worker that died after counting it can continue.
        """
        return History(self.suppressed, tuple(at for name, at in self.calls.items() if name != claim))

    def counts(self, claim: str) -> bool:
        """Whether an attempt has been counted."""
        return claim in self.calls


class CampaignNumbers:
    """The suppression list, and the dialling history of numbers."""

    def __init__(self, client: DynamoDBClient, table: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def records(self, numbers: Iterable[str]) -> dict[str, NumberRecord]:
        """What is known of each number; strongly consistent. Raises Throttled."""
        wanted = list(dict.fromkeys(numbers))
        keys = [key for number in wanted for key in (suppression_key(number), _week_key(number))]
        suppressed: set[str] = set()
        weeks: dict[str, Item] = {}
        for item in self._read(keys):
            if item["item"] == WEEK:
                weeks[item["call_session_id"].removeprefix(DIALLED)] = item
            else:
                suppressed.add(item["item"])
        return {
            number: NumberRecord(
                number,
                number in suppressed,
                weeks.get(number, {}).get("calls", {}),
                weeks.get(number, {}).get("revision", 0),
            )
            for number in wanted
        }

    def count_write(self, record: NumberRecord, claim: str, now: int) -> TransactWriteItemTypeDef:
        """A write that counts an attempt, for the transaction that claims it.

        Its condition: no other attempt was counted meanwhile. If it fails, read the record and decide again.
        """
        counting = {name: at for name, at in record.calls.items() if at > now - WEEK_SECONDS} | {claim: now}
        fields = {
            "calls": counting,
            "revision": record.revision + 1,
            "expires_at": max(counting.values()) + WEEK_SECONDS + KEEP_SECONDS,
        }
        put: Any = {
            "TableName": self._table,
            "Item": {**_week_key(record.number), **attributes(fields)},
            "ConditionExpression": "revision = :was" if record.revision else "attribute_not_exists(call_session_id)",
        }
        if record.revision:
            put["ExpressionAttributeValues"] = attributes({":was": record.revision})
        return {"Put": put}

    def suppress(self, suppressions: Iterable[Suppression]) -> int:
        """Add numbers to the list, whether or not they are on it; return how many. Raises Throttled."""
        left, count = iter(suppressions), 0
        while some := list(islice(left, PUTS_AT_ONCE)):
            once = {each.number: suppression_item(each) for each in some}  # a request must not have an item twice
            asked: Any = {self._table: [{"PutRequest": {"Item": item}} for item in once.values()]}
            for again in range(MORE_TRIES + 1):
                asked = self._client.batch_write_item(RequestItems=asked).get("UnprocessedItems")
                if not asked:
                    break
                self._pause(again)
            count += len(some)
        return count

    def allow(self, number: str) -> bool:
        """Remove a number from the list; return whether it was on it."""
        gone = self._client.delete_item(TableName=self._table, Key=suppression_key(number), ReturnValues="ALL_OLD")
        return bool(gone.get("Attributes"))

    def suppression(self, number: str) -> Suppression | None:
        """Why a number is on the list; None if it is not."""
        found = self._client.get_item(TableName=self._table, Key=suppression_key(number), ConsistentRead=True)
        return _suppression(plain(found["Item"])) if "Item" in found else None

    def suppressions(self) -> Iterator[Suppression]:
        """All of the list."""
        for digit in LAST_DIGITS:
            yield from map(_suppression, queried(self._client, **below(self._table, f"{SUPPRESSED}{digit}", "+")))

    def _read(self, keys: list[Item]) -> Iterator[Item]:
        for first in range(0, len(keys), KEYS_AT_ONCE):
            asked: Any = {self._table: {"Keys": keys[first : first + KEYS_AT_ONCE], "ConsistentRead": True}}
            for again in range(MORE_TRIES + 1):
                answer = self._client.batch_get_item(RequestItems=asked)
                yield from map(plain, answer["Responses"].get(self._table, ()))
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
                self._pause(again)

    def _pause(self, again: int) -> None:
        if again == MORE_TRIES:
            raise Throttled
        self._sleep(PAUSE_SECONDS * 2**again)


def suppression_item(suppression: Suppression) -> Item:
    """An item of the list, also for a transaction with a caller's decision."""
    fields = asdict(suppression)
    del fields["number"]
    return {**suppression_key(suppression.number), **attributes(fields)}


def suppression_key(number: str) -> Item:
    """The key of a number's item in the list."""
    return {"call_session_id": {"S": f"{SUPPRESSED}{number[-1]}"}, "item": {"S": number}}


def _week_key(number: str) -> Item:
    return {"call_session_id": {"S": f"{DIALLED}{number}"}, "item": {"S": WEEK}}


def _suppression(item: Item) -> Suppression:
    return restored(Suppression, {**item, "number": item["item"]})
