"""The audit trail: an item of its call for each time that somebody is given a recording, and one for each redrive."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import HEARD_AT, RECORDING, SECONDS_A_DAY
from dialtone.adapters.dynamodb_items import attributes, below, queried
from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

AUDIT = "AUDIT#"
REDRIVES = "HEALTH#redrives"
"""A partition of its own: who has put back the messages of which queue."""
KEEP_DAYS = 400
"""Longer than a call's own items: a year later it can still be asked who listened."""

LISTENED, READ, DELETED = "listened", "read", "deleted"
REDROVE = "redrove"


@dataclass(frozen=True, slots=True)
class AuditItem:
    """Who did what with a recording, or with a queue."""

    at: str
    by: str
    did: str
    recording: str = ""
    """The ledger entry's name; '' where it is about none."""
    files: str = ""
    """Of a deletion: how the keys of its objects begin."""
    recording_id: str = ""
    """Of a deletion: Telnyx's id of it."""
    queue: str = ""
    """Of a redrive: the queue whose messages were put back."""


class AuditTrail:
    """The calls table's audit items. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def note(self, call_session_id: str, item: AuditItem, request_id: str) -> None:
        """Write an item; a request that is sent twice writes one each time, as it gives two links.

        Who is the first to listen is noted in the ledger's entry, too, which lists show.
        """
        fields = {
            "call_session_id": call_session_id,
            "item": f"{AUDIT}{item.at}#{request_id}",
            **{name: value for name, value in asdict(item).items() if value},
            "expires_at": int(datetime.fromisoformat(item.at).timestamp()) + KEEP_DAYS * SECONDS_A_DAY,
        }
        put: Any = {"TableName": self._table, "Item": attributes(fields)}
        if item.did != LISTENED:
            self._client.put_item(**put)
            return
        heard: Any = {
            "TableName": self._table,
            "Key": attributes({"call_session_id": call_session_id, "item": f"{RECORDING}{item.recording}"}),
            "UpdateExpression": f"SET {HEARD_AT} = if_not_exists({HEARD_AT}, :at)",
            "ExpressionAttributeValues": attributes({":at": item.at}),
        }
        self._client.transact_write_items(TransactItems=[{"Put": put}, {"Update": heard}])

    def of(self, call_session_id: str) -> tuple[AuditItem, ...]:
        """A call's items, the oldest first."""
        found = queried(self._client, **below(self._table, call_session_id, AUDIT))
        return tuple(restored(AuditItem, each) for each in found)


def first_heard(noted: Iterable[AuditItem]) -> dict[str, str]:
    """When somebody first listened to each recording, by its name, from items that are the oldest first."""
    found: dict[str, str] = {}
    for each in noted:
        if each.did == LISTENED:
            found.setdefault(each.recording, each.at)
    return found
