"""DynamoDB in memory, as far as the calls table uses it: for plays of thousands of calls.

It is a neighbour, not our code: `tests/simulation/test_memory_table.py` holds it to what moto's DynamoDB answers.
"""

# ruff: noqa: ANN401, N803 -- boto's own names, and its requests and answers are dictionaries of anything

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


class MemoryTable:
    """A client of one table with keys `call_session_id` and `item`. Items are kept as text: nobody can change them."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], str] = {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:
        """Every item that is there."""
        ((table, asked),) = RequestItems.items()
        found = [self._items[_key(key)] for key in asked["Keys"] if _key(key) in self._items]
        return {"Responses": {table: [json.loads(item) for item in found]}, "UnprocessedKeys": {}}

    def transact_write_items(self, *, TransactItems: Any) -> Any:
        """All puts and updates, or none and why."""
        reasons = [self._refusal(each.get("Put") or each["Update"]) for each in TransactItems]
        if any(reason["Code"] != "None" for reason in reasons):
            response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(response, "TransactWriteItems")  # type: ignore[arg-type]
        for each in TransactItems:
            item = each["Put"]["Item"] if "Put" in each else self._updated(each["Update"])
            self._items[_key(item)] = json.dumps(item)
        return {}

    def query(self, *, ExpressionAttributeValues: Any, **_: Any) -> Any:
        """Items by partition and the beginning of the sort key, on a single page."""
        session, prefix = (ExpressionAttributeValues[name]["S"] for name in (":session", ":prefix"))
        keys = sorted(key for key in self._items if key[0] == session and key[1].startswith(prefix))
        return {"Items": [json.loads(self._items[key]) for key in keys]}

    def delete_item(self, *, Key: Any, **_: Any) -> Any:
        """Whether or not it is there."""
        self._items.pop(_key(Key), None)
        return {}

    def items(self) -> list[Item]:
        """Every item of every partition, as DynamoDB would give it."""
        return [json.loads(item) for item in self._items.values()]

    def _set(self, update: Any) -> None:
        """`SET name = :name`, without a condition."""
        name, _, value = update["UpdateExpression"].removeprefix("SET ").partition(" = ")
        item = json.loads(self._items.get(_key(update["Key"]), json.dumps(update["Key"])))
        item[name] = update["ExpressionAttributeValues"][value]
        self._items[_key(update["Key"])] = json.dumps(item)

    def _refusal(self, write: Any) -> Item:
        kept = self._items.get(_key(write.get("Item") or write["Key"]))
        there = json.loads(kept) if kept else None
        condition = write.get("ConditionExpression", "")
        if condition.startswith("attribute_not_exists"):
            holds = there is None
        elif condition == "version = :version":
            holds = there is not None and there["version"] == write["ExpressionAttributeValues"][":version"]
        elif condition:
            raise NotImplementedError(condition)
        else:
            holds = True
        return {"Code": "None" if holds else "ConditionalCheckFailed"}

    def _updated(self, update: Any) -> Item:
        """The item with one field set; DynamoDB makes one where none is."""
        setting = re.fullmatch(r"SET (\w+) = (:\w+)", update["UpdateExpression"])
        if setting is None:
            raise NotImplementedError(update["UpdateExpression"])
        kept = self._items.get(_key(update["Key"]))
        there = json.loads(kept) if kept else update["Key"]
        return {**there, setting[1]: update["ExpressionAttributeValues"][setting[2]]}


def _key(item: Item) -> tuple[str, str]:
    return item["call_session_id"]["S"], item["item"]["S"]
