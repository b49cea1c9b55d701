"""Requests that are carried out once, however often they are sent: an item each, by its key.

`REQUEST#<hash of the key>` stands in the partition of the call that it is about. It says when the request first came,
so that sent again it is the same event, and what it asked for, so that another one under the same key is noticed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from dialtone.adapters.calls_table import SECONDS_A_DAY, StoreUnavailable
from dialtone.adapters.dynamodb_items import attributes, below, queried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

REQUEST = "REQUEST#"

KEEP_DAYS = 1
"""How long a key is known."""


class Asked(NamedTuple):
    """A request that is to be carried out once."""

    partition: str
    """Of the table: the call's, or one of its own."""
    key: str
    what: Mapping[str, Any]
    """All that the request asks for."""
    by: str

    @property
    def digest(self) -> str:
        """By which another request under the same key is noticed. Raises UnicodeError for half a character."""
        return hashlib.sha256(json.dumps(self.what, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @property
    def item(self) -> str:
        """The item's name: keys are chosen by people, and not shown."""
        return f"{REQUEST}{hashlib.sha256(self.key.encode()).hexdigest()}"


class Known(NamedTuple):
    """What is known of a request."""

    at: str
    """When it first came."""
    again: bool
    """Whether it came before: of two at once, one is the first."""
    result: Mapping[str, Any] | None = None
    """What came of it, if that was noted."""


class KeyTaken(Exception):  # noqa: N818 -- reads as the sentence it is: the key is taken
    """Another request was sent under this key."""


class Requests:
    """The calls table's items of requests. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def first(self, asked: Asked, at: str) -> Known:
        """What is known of a request that comes now. Raises KeyTaken for another request under its key."""
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
                raise StoreUnavailable("a request's item expired at this moment") from None
            return known
        return Known(at, again=False)

    def note(self, asked: Asked, at: str, result: Mapping[str, Any]) -> None:
        """Note what came of a request that first came then."""
        self._client.put_item(TableName=self._table, Item=attributes({**_fields(asked, at), "result": dict(result)}))

    def known(self, asked: Asked) -> Known | None:
        """What is known of a request that came before; None for a new one. Raises as `first`."""
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
        "expires_at": int(datetime.fromisoformat(at).timestamp()) + KEEP_DAYS * SECONDS_A_DAY,
    }
