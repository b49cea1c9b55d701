"""DynamoDB in memory, as far as the calls table uses it: for plays of thousands of calls.

It is a neighbour, not our code: `test_memory_table.py` holds it to what moto's DynamoDB answers.
"""

# ruff: noqa: ANN401, N803, N818 -- boto's own names, and its requests and answers are dictionaries of anything

from __future__ import annotations

import copy
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


class TransactionCanceledException(ClientError):
    """As boto makes it at run time."""


class ConditionalCheckFailedException(ClientError):
    """As boto makes it at run time."""


class _Exceptions:
    TransactionCanceledException = TransactionCanceledException
    ConditionalCheckFailedException = ConditionalCheckFailedException


class MemoryTable:
    """A client of one table with keys `call_session_id` and `item`."""

    exceptions = _Exceptions

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}

    def batch_get_item(self, *, RequestItems: Any) -> Any:
        """Every item that is there."""
        ((table, asked),) = RequestItems.items()
        found = [self.items[_key(key)] for key in asked["Keys"] if _key(key) in self.items]
        return {"Responses": {table: copy.deepcopy(found)}, "UnprocessedKeys": {}}

    def transact_write_items(self, *, TransactItems: Any) -> Any:
        """All puts, or none and why."""
        puts = [each["Put"] for each in TransactItems]
        reasons = [self._refusal(put) for put in puts]
        if any(reason["Code"] != "None" for reason in reasons):
            response = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise TransactionCanceledException(response, "TransactWriteItems")  # type: ignore[arg-type]
        for put in puts:
            self.items[_key(put["Item"])] = copy.deepcopy(put["Item"])
        return {}

    def get_paginator(self, operation: str) -> _Queries:
        """Queries by partition and the beginning of the sort key."""
        assert operation == "query"
        return _Queries(self)

    def _refusal(self, put: Any) -> Item:
        there = self.items.get(_key(put["Item"]))
        condition = put.get("ConditionExpression", "")
        if condition.startswith("attribute_not_exists"):
            holds = there is None
        elif condition == "version = :version":
            holds = there is not None and there["version"] == put["ExpressionAttributeValues"][":version"]
        else:
            assert not condition, condition
            holds = True
        if holds:
            return {"Code": "None"}
        wanted = put.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return {"Code": "ConditionalCheckFailed"} | ({"Item": copy.deepcopy(there)} if wanted and there else {})


class _Queries:
    def __init__(self, table: MemoryTable) -> None:
        self._table = table

    def paginate(self, *, ExpressionAttributeValues: Any, **_: Any) -> Any:
        session, prefix = (ExpressionAttributeValues[name]["S"] for name in (":session", ":prefix"))
        keys = sorted(key for key in self._table.items if key[0] == session and key[1].startswith(prefix))
        yield {"Items": [copy.deepcopy(self._table.items[key]) for key in keys]}


def _key(item: Item) -> tuple[str, str]:
    return item["call_session_id"]["S"], item["item"]["S"]
