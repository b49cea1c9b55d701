"""The ledger as an operator reads it: all of it, in the table's own order, or one entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import RECORDING, CallsTable
from dialtone.adapters.dynamodb_items import attributes, plain
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import Recording
from infra.operations.custody.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


Place = tuple[str, str]
"""Of an item in the table: its call session, and its sort key."""


class Ledger:
    """The ledger of recordings. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self.calls = CallsTable(client, table)

    def entries(self, selection: Selection = EVERYTHING, after: Place | None = None) -> Iterator[Recording]:
        """The entries of a selection, page by page: the table has no order by time, and is read as a whole.

        `after` goes on behind an entry that was read before. Raises DialtoneError for an item that makes no sense.
        """
        asked: dict[str, Any] = {"begins_with(#item, :prefix)": {":prefix": RECORDING}}
        for item in self._scan(asked, after):
            recording = _recording(item)
            if selection.has(recording):
                yield recording

    def named(self, name: str) -> tuple[Recording, ...]:
        """The entry with that name or Telnyx id, or all of a call session. Raises DialtoneError if there is none."""
        if not name.strip():
            raise DialtoneError("which recording? Give its name, as `dialtone recordings list` shows it, or a session")
        of_session = self.calls.recordings(name)
        if of_session:
            return of_session
        asked = {
            "#item = :item": {":item": f"{RECORDING}{name}"},
            "begins_with(#item, :prefix) AND recording_id = :id": {":prefix": RECORDING, ":id": name},
        }
        found = tuple(_recording(item) for item in self._scan(asked))
        if not found:
            raise DialtoneError(
                f"the ledger has no recording and no call session {name!r}: "
                "`dialtone recordings list` shows those that it has"
            )
        return found

    def _scan(
        self, conditions: Mapping[str, Mapping[str, str]], after: Place | None = None
    ) -> Iterator[dict[str, Any]]:
        """The items for which one of the conditions holds."""
        values = {name: value for each in conditions.values() for name, value in each.items()}
        asked: Any = {
            "TableName": self._table,
            "ConsistentRead": True,
            "FilterExpression": " OR ".join(f"({each})" for each in conditions),
            "ExpressionAttributeNames": {"#item": "item"},
            "ExpressionAttributeValues": attributes(values),
        }
        if after:
            asked["ExclusiveStartKey"] = attributes({"call_session_id": after[0], "item": after[1]})
        while True:
            page = self._client.scan(**asked)
            yield from map(plain, page["Items"])
            if not page.get("LastEvaluatedKey"):
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def place_of(recording: Recording) -> Place:
    """An entry's key in the table."""
    return recording.call_session_id, f"{RECORDING}{recording.name}"


def _recording(item: Mapping[str, Any]) -> Recording:
    try:
        return Recording.from_json(item)
    except (TypeError, ValueError, AttributeError) as error:
        raise DialtoneError(
            f"the ledger's item {item['item']} of session {item['call_session_id']} cannot be read ({error}): "
            "look at it with `aws dynamodb get-item`"
        ) from error
