"""The receipt of an erased call: that it was erased, and nothing of the people on it. Pure.

It names the call session and no number, not even as a hash: there are so few numbers that all of them can be tried.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from dialtone.domain.recordings import safe_id
from dialtone.domain.stored import restored

RECEIPTS = "receipts/"
"""Where receipts lie in the recordings bucket: beside the table, so that a backup of the table lacks none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of one call's erasure. It counts from its beginning, finished or not."""

    call_session_id: str
    begun_at: str
    finished_at: str = ""
    """'' while something may be left."""
    folders: tuple[str, ...] = ()
    """Of the bucket, which held what was erased."""

    def to_json(self) -> str:
        """As it lies in the bucket."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, stored: bytes | str) -> Receipt:
        """What `to_json` gave, in this or another version of the program. Raises ValueError or TypeError."""
        return restored(cls, json.loads(stored), folders=tuple)


def receipt_key(call_session_id: str) -> str:
    """Where a call's receipt lies, if it was erased."""
    return f"{RECEIPTS}{safe_id(call_session_id)}.json"
