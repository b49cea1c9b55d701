"""The identity of a dial: which campaign, which recipient, which round. Pure.

It travels in the dial's `client_state`, so that the webhook function knows to whom the call belongs.
"""

from __future__ import annotations

import re
import uuid
from typing import NamedTuple

COMMAND_NAMESPACE = uuid.UUID("5f0c6f2e-2f0b-4d0b-9c93-6b1f3f8f7c11")
"""Never change it: with another one, a dial repeated after a crash would ring twice."""

CAMPAIGN = "CAMPAIGN#"
"""The prefix of campaigns' partitions in the calls table."""
ROW, CALL, COST = "ROW#", "CALL#", "COST#"

COST_ITEMS = 32
"""How many items share a campaign's cost: thirty writes a second would collide on a single one."""

_DIAL_ID = re.compile(r"([a-z0-9][a-z0-9-]{0,79})/(\d{1,6})/(\d{1,9})/(\d{1,3})")


class DialId(NamedTuple):
    """One dial of a campaign. Each is made at most once."""

    campaign: str
    part: int
    """The part of the list that has the recipient."""
    row: int
    """The recipient's row in the list that people wrote."""
    round: int
    """The number of the dial to this recipient, from 1."""

    @classmethod
    def read(cls, text: str) -> DialId | None:
        """The identity that `str` gave; None for any other text, which may come from outside."""
        found = _DIAL_ID.fullmatch(text) if text.isascii() else None
        return cls(found[1], int(found[2]), int(found[3]), int(found[4])) if found else None

    def __str__(self) -> str:
        return f"{self.campaign}/{self.part}/{self.row}/{self.round}"

    @property
    def partition(self) -> str:
        """The partition of a part of the list, so that a million recipients are spread over a thousand partitions."""
        return f"{CAMPAIGN}{self.campaign}#{self.part:05}"

    @property
    def row_item(self) -> str:
        """The key of the recipient's item."""
        return f"{ROW}{self.row:09}"

    @property
    def call_item(self) -> str:
        """The key of the webhook function's notes of this round's calls."""
        return f"{CALL}{self.row:09}#{self.round:03}"

    @property
    def cost_item(self) -> tuple[str, str]:
        """The keys of the item that sums the costs of the calls to this row, among others."""
        return f"{CAMPAIGN}{self.campaign}", f"{COST}{self.row % COST_ITEMS:02}"

    @property
    def command_id(self) -> str:
        """The dial's command id: the same for every repetition."""
        return str(uuid.uuid5(COMMAND_NAMESPACE, str(self)))
