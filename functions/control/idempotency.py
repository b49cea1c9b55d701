"""Idempotent requests: one item for each Idempotency-Key.

The item `REQUEST#<hash of the key>` is in the partition of the request's call. It holds the time of the first request,
so that a repeated one becomes the same event, and what was requested, so that a different request with the same key is
refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from dialtone.adapters.calls_table import StoreUnavailable
from dialtone.adapters.dynamodb_items import attributes, below, queried
from dialtone.domain.retention import KEEP_REQUESTS_DAYS, expires_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST = "REQUEST#"


class Asked(NamedTuple):
    """A request with its idempotency key."""

    partition: str
    """The item's partition: the call's, or one of its own."""
    key: str
    what: Mapping[str, Any]
    """The content of the request."""
    by: str

    @property
    def digest(self) -> str:
        """A hash of the content, to detect a different request with the same key.

        Raises UnicodeError for a lone surrogate.
        """
        return hashlib.sha256(json.dumps(self.what, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @property
    def item(self) -> str:
        """The item's name. It is hashed, because clients choose the keys."""
        return f"{REQUEST}{hashlib.sha256(self.key.encode()).hexdigest()}"


class Known(NamedTuple):
    """What the table knows of a request."""

    at: str
    """When the request first came."""
    again: bool
    """Whether the request came before. Of two simultaneous ones, exactly one is the first."""
    result: Mapping[str, Any] | None = None
    """Its result, if stored."""


class KeyTaken(Exception):  # noqa: N818 -- reads as the sentence it is: the key is taken
    """The key was used for a different request."""


class Requests:
    """The request items in the calls table. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def first(self, asked: Asked, at: str) -> Known:
        """Register a request. Raises KeyTaken if its key was used for a different one."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=attributes(_fields(asked, at)),
                ConditionExpression="attribute_not_exists(call_session_id)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            known = self.known(asked)
            if known is None:
                raise StoreUnavailable("a request's item expired just now") from None
            return known
        return Known(at, again=False)

    def note(self, asked: Asked, at: str, result: Mapping[str, Any]) -> None:
        """Store the result of a request that first came at that time."""
        self._client.put_item(TableName=self._table, Item=attributes({**_fields(asked, at), "result": dict(result)}))

    def known(self, asked: Asked) -> Known | None:
        """What is known of an earlier request; None for a new one. Raises as `first`."""
        found = next(queried(self._client, **below(self._table, asked.partition, asked.item)), None)
        if found is None:
            return None
        if found["digest"] != asked.digest:
            raise KeyTaken
        return Known(str(found["at"]), again=True, result=found.get("result"))


def _fields(asked: Asked, at: str) -> dict[str, Any]:
    return {
        "call_session_id": asked.partition,
        "item": asked.item,
        "digest": asked.digest,
        "at": at,
        "by": asked.by,
        "expires_at": expires_at(at, KEEP_REQUESTS_DAYS),
    }
