"""Somebody on a campaign's list. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PART_RECIPIENTS = 1_000
"""In one object of a list: it is read and dialled as a whole, and a worker that dies repeats no more than that."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of a checked list."""

    row: int
    """Its place in the list that people wrote, counted from 1 with the header as row 1: what a spreadsheet shows."""
    number: str
    """E.164. No other recipient of the campaign has it."""
    zones: tuple[str, ...]
    """The time zones (IANA) that the phone may be in; one, where the row names it. Never empty."""
    variables: Mapping[str, str]
    """What the flow is given: column → value."""

    @classmethod
    def from_line(cls, line: str | bytes) -> Recipient:
        """A line of a part of a list."""
        kept: dict[str, Any] = json.loads(line)
        return cls(kept["row"], kept["to"], tuple(kept["zones"]), kept.get("set", {}))

    def to_line(self) -> str:
        """Its line, without the line's end."""
        kept = {"row": self.row, "to": self.number, "zones": list(self.zones)}
        return json.dumps(kept | ({"set": dict(self.variables)} if self.variables else {}), ensure_ascii=False)
