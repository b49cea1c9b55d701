"""The audit trail: one item, stored with the call, for each access to a recording, and one for each redrive."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import HEARD_AT, RECORDING
from dialtone.adapters.dynamodb_items import attributes, below, queried
from dialtone.domain.retention import KEEP_AUDIT_DAYS, expires_at
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

AUDIT = "AUDIT#"
REDRIVES = "HEALTH#redrives"
"""The partition of redrives: who put back the messages of which queue."""
LISTENED, READ, DELETED = "listened", "read", "deleted"
REDROVE = "redrove"


@dataclass(frozen=True, slots=True)
class AuditItem:
    """Who did what to a recording or a queue."""

    at: str
    by: str
    did: str
    recording: str = ""
    """The ledger entry's name; '' for a redrive."""
    files: str = ""
    """For a deletion: the prefix of its objects' keys."""
    recording_id: str = ""
    """For a deletion: Telnyx's id of the recording."""
    queue: str = ""
    """For a redrive: the queue whose messages were put back."""


class AuditTrail:
    """The calls table's audit items. Every method raises botocore's errors."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def note(self, call_session_id: str, item: AuditItem, request_id: str) -> None:
        """Write an item; a repeated request writes another, since it hands out another link.

        The time of the first link is also written to the ledger entry, for lists.
        """
        fields = {
            "call_session_id": call_session_id,
            "item": f"{AUDIT}{item.at}#{request_id}",
            **{name: value for name, value in asdict(item).items() if value},
            "expires_at": expires_at(item.at, KEEP_AUDIT_DAYS),
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
        """A call's items, oldest first."""
        found = queried(self._client, **below(self._table, call_session_id, AUDIT))
        return tuple(restored(AuditItem, each) for each in found)


def first_heard(noted: Iterable[AuditItem]) -> dict[str, str]:
    """When each recording, by name, was first listened to. `items` are sorted, oldest first."""
    found: dict[str, str] = {}
    for each in noted:
        if each.did == LISTENED:
            found.setdefault(each.recording, each.at)
    return found
