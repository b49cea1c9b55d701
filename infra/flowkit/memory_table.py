"""DynamoDB in memory, as far as the calls table uses it: for plays of thousands of calls.

It is a dependency, not our code: `tests/drills/oracle.py` holds it to what moto and the AWS emulator answer.
"""

# ruff: noqa: ANN401, N803 -- boto's own names, and its requests and answers are dictionaries of anything

import json
import re
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


class MemoryTable:
    """A client of one table with keys `call_session_id` and `item`. Items are kept as text: nobody can change them."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], str] = {}
        self._due_in: dict[str, dict[tuple[str, str], int]] = {}
        """The index `due`: shard → key → since when."""

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
            self._keep(item)
        return {}

    def query(self, *, ExpressionAttributeValues: Any, IndexName: str = "", Limit: int = 0, **_: Any) -> Any:
        """Items by partition and the beginning of the sort key, on a single page; or the keys of those that are due."""
        if IndexName == "began":
            return {"Items": self._began(ExpressionAttributeValues)}
        if IndexName == "named":
            return {
                "Items": [item for item in self.items() if item.get("control_id") == ExpressionAttributeValues[":name"]]
            }
        if IndexName:
            return {"Items": self._due(ExpressionAttributeValues)[: Limit or None]}
        values = {name: value.get("S", "") for name, value in ExpressionAttributeValues.items()}
        keys = sorted(key for key in self._items if key[0] == values[":session"])
        keys = [key for key in keys if key[1].startswith(values.get(":prefix", ""))]
        keys = [key for key in keys if values.get(":first", "") <= key[1] <= values.get(":last", key[1])]
        return {"Items": [json.loads(self._items[key]) for key in keys[: Limit or None]]}

    def scan(self, **_: Any) -> Any:
        """The whole index `began`, on a single page."""
        return {"Items": [_in_began(item) for item in self.items() if "began_on" in item]}

    def put_item(self, *, Item: Any, ConditionExpression: str = "", **_: Any) -> Any:
        """One item, if there was none of its key or that is not asked."""
        if ConditionExpression and _key(Item) in self._items:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")
        self._keep(Item)
        return {}

    def update_item(self, *, Key: Any, UpdateExpression: str, ConditionExpression: str, **named: Any) -> Any:
        """One item's fields set and removed if its condition holds; one that may be missing is made."""
        there = json.loads(self._items.get(_key(Key), "null")) or dict(Key)
        names, values = named.get("ExpressionAttributeNames", {}), named["ExpressionAttributeValues"]
        if not _holds(ConditionExpression, there, names, values):
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
        setting, _, removing = UpdateExpression.partition("REMOVE ")
        for each in filter(None, setting.removeprefix("SET ").strip().split(", ")):
            name, value = each.split(" = ")
            there[names.get(name, name)] = values[value]
        for name in filter(None, removing.split(", ")):
            there.pop(name, None)
        self._keep(there)
        return {}

    def delete_item(self, *, Key: Any, **_: Any) -> Any:
        """Whether or not it is there."""
        self._items.pop(_key(Key), None)
        self._leave_index(_key(Key))
        return {}

    def items(self) -> list[Item]:
        """Every item of every partition, as DynamoDB would give it."""
        return [json.loads(item) for item in self._items.values()]

    def get(self, key: Item) -> Item | None:
        """The item with the key of `key`, None if there is none."""
        kept = self._items.get(_key(key))
        return json.loads(kept) if kept else None

    def _due(self, asked: Any) -> list[Item]:
        """The index `due` of one shard, as DynamoDB orders it."""
        shard, now = asked[":shard"], int(asked[":now"]["N"])
        due = ((since, key) for key, since in self._due_in.get(shard["S"], {}).items() if since <= now)
        return [
            {"call_session_id": {"S": key[0]}, "item": {"S": key[1]}, "due_shard": shard, "due_at": {"N": str(since)}}
            for since, key in sorted(due, key=lambda each: each[0])
        ]

    def _began(self, asked: Any) -> list[Item]:
        """The index `began` of one shard, the newest first."""
        shard, since, until = asked[":shard"], int(asked[":since"]["N"]), int(asked[":until"]["N"])
        found = [item for item in self.items() if item.get("began_on") == shard]
        within = [item for item in found if since <= int(item["began_at"]["N"]) <= until]
        newest = sorted(within, key=lambda item: int(item["began_at"]["N"]), reverse=True)
        return list(map(_in_began, newest))

    def _keep(self, item: Item) -> None:
        key = _key(item)
        self._items[key] = json.dumps(item)
        self._leave_index(key)
        if "due_shard" in item and "due_at" in item:
            self._due_in.setdefault(item["due_shard"]["S"], {})[key] = int(item["due_at"]["N"])

    def _leave_index(self, key: tuple[str, str]) -> None:
        for shard in self._due_in.values():
            shard.pop(key, None)

    def _refusal(self, write: Any) -> Item:
        kept = self._items.get(_key(write.get("Item") or write["Key"]))
        there = json.loads(kept) if kept else None
        condition = write.get("ConditionExpression", "")
        if condition.startswith("attribute_not_exists"):
            holds = there is None
        elif asked := re.fullmatch(r"(version|revision) = (:\w+)", condition):
            holds = there is not None and there[asked[1]] == write["ExpressionAttributeValues"][asked[2]]
        elif condition.startswith("attribute_exists"):
            holds = there is not None and next(iter(write["ExpressionAttributeNames"].values())) in there
        elif condition:
            raise NotImplementedError(condition)
        else:
            holds = True
        return {"Code": "None" if holds else "ConditionalCheckFailed"}

    def _updated(self, update: Any) -> Item:
        """The item with fields set or added to, or one removed; DynamoDB makes one where none is."""
        kept = self._items.get(_key(update["Key"]))
        there = json.loads(kept) if kept else dict(update["Key"])
        names, expression = update.get("ExpressionAttributeNames", {}), update["UpdateExpression"]
        if removing := re.fullmatch(r"REMOVE (#\w+)", expression):
            there.pop(names[removing[1]], None)
            return there
        if expression.startswith("ADD "):
            for name, value in re.findall(r"(\w+) (:\w+)", expression):
                more = int(update["ExpressionAttributeValues"][value]["N"])
                there[name] = {"N": str(int(there.get(name, {"N": "0"})["N"]) + more)}
            return there
        if re.fullmatch(r"SET #?\w+ = :\w+(, #?\w+ = :\w+)*", expression) is None:
            raise NotImplementedError(expression)
        for name, value in re.findall(r"(#?\w+) = (:\w+)", expression):
            there[names.get(name, name)] = update["ExpressionAttributeValues"][value]
        return there


def _holds(condition: str, there: Item, names: Item, values: Item) -> bool:
    """`name = :value`, `name IN (:value, …)`, or `attribute_not_exists(name) OR name < :value`."""
    later = re.fullmatch(r"attribute_not_exists\((\w+)\) OR \1 < (:\w+)", condition)
    if later:
        return later[1] not in there or int(there[later[1]]["N"]) < int(values[later[2]]["N"])
    asked = re.fullmatch(r"(#?\w+) (?:= (:\w+)|IN \((.+)\))", condition)
    if asked is None:
        raise NotImplementedError(condition)
    name, allowed = str(asked[1]), [values[each] for each in (asked[2] or asked[3]).split(", ")]
    return there.get(str(names.get(name, name))) in allowed


def _in_began(item: Item) -> Item:
    """What the index `began` has of an item."""
    return {name: item[name] for name in ("call_session_id", "item", "began_on", "began_at")}


def _key(item: Item) -> tuple[str, str]:
    return item["call_session_id"]["S"], item["item"]["S"]
