"""Records of the calls table's stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.adapters.calls_table import LEG, RECORDING, RESENT_AT, call_from_item
from dialtone.adapters.dynamodb_items import plain
from dialtone.domain.recordings import Recording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call


class Change(NamedTuple):
    """One record of the stream: an item before and after a change."""

    number: str
    """The stream's sequence number, from which Lambda continues."""
    session_id: str
    item: str
    committed_seconds: int
    """When it was committed, in unix seconds."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Change:
        """Parse a record. Raises KeyError, TypeError or ValueError if it is malformed."""
        change = record["dynamodb"]
        keys = plain(change["Keys"])
        return cls(
            number=number_of(record),
            session_id=keys["call_session_id"],
            item=keys["item"],
            committed_seconds=int(change.get("ApproximateCreationDateTime", 0)),
            before=plain(change["OldImage"]) if "OldImage" in change else None,
            after=plain(change["NewImage"]) if "NewImage" in change else None,
        )

    @property
    def committed_at(self) -> str:
        """When it was committed, ISO 8601."""
        return f"{datetime.fromtimestamp(self.committed_seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def is_resent(self) -> bool:
        """Whether an operator requested that the item's events be resent."""
        asked = self.after.get(RESENT_AT) if self.after else None
        return bool(asked) and asked != (self.before or {}).get(RESENT_AT)

    @property
    def call(self) -> Call | None:
        """The leg after the change; None for any other item. Raises KeyError, TypeError or ValueError."""
        return call_from_item(self.after) if self.after and self.item.startswith(LEG) else None

    @property
    def recordings(self) -> tuple[Recording | None, Recording] | None:
        """A ledger entry before and after the change; None for any other item.

        A resent one counts as new. Raises KeyError, TypeError or ValueError.
        """
        if not self.after or not self.item.startswith(RECORDING):
            return None
        before = Recording.from_json(self.before) if self.before and not self.is_resent else None
        return before, Recording.from_json(self.after)


def number_of(record: Mapping[str, Any]) -> str:
    """A record's sequence number; '' if it has none."""
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))
