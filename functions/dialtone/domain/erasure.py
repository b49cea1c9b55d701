"""The receipt of an erased call: that it was erased, and no personal data. Pure.

It names the call session and no phone number, not even as a hash: there are so few numbers that all can be tried.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from dialtone.domain.object_keys import safe_id
from dialtone.domain.stored_records import restored

RECEIPTS = "receipts/"
"""The receipts' folder in the recordings bucket: outside the table, so that restoring a table's backup loses none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one call's erasure. It is valid as soon as the erasure begins."""

    call_session_id: str
    begun_at: str
    finished_at: str = ""
    """'' while the erasure is not complete."""
    folders: tuple[str, ...] = ()
    """The bucket's folders that held what was erased."""

    def to_json(self) -> str:
        """As stored in the bucket."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, stored: bytes | str) -> Receipt:
        """The receipt that `to_json` gave, in any version of the program. Raises ValueError or TypeError."""
        return restored(cls, json.loads(stored), folders=tuple)


def receipt_key(call_session_id: str) -> str:
    """The key of a call's receipt in the bucket."""
    return f"{RECEIPTS}{safe_id(call_session_id)}.json"
