"""A person on a campaign's list. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PART_RECIPIENTS = 1_000
"""Recipients in one object of a list. It is read and dialled as a whole; a worker that dies repeats no more than
that."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of a checked list."""

    row: int
    """Its place in the list that people wrote, counted from 1 with the header as row 1: what a spreadsheet shows."""
    number: str
    """E.164; unique within the campaign."""
    zones: tuple[str, ...]
    """The time zones (IANA) in which the phone may be; just one if the row names it. Never empty."""
    variables: Mapping[str, str]
    """The flow inputs: column → value."""

    @classmethod
    def from_line(cls, line: str | bytes) -> Recipient:
        """The recipient on a line of a part of the list."""
        kept: dict[str, Any] = json.loads(line)
        return cls(kept["row"], kept["to"], tuple(kept["zones"]), kept.get("set", {}))

    def to_line(self) -> str:
        """The recipient as a line, without a line break."""
        kept = {"row": self.row, "to": self.number, "zones": list(self.zones)}
        return json.dumps(kept | ({"set": dict(self.variables)} if self.variables else {}), ensure_ascii=False)
