"""Where a call of a campaign belongs: which campaign, which recipient, which round. Pure.

It travels in the dial's `client_state`, so that the webhook function knows whose call it leads.
"""

from __future__ import annotations

import re
import uuid
from typing import NamedTuple

COMMAND_NAMESPACE = uuid.UUID("5f0c6f2e-2f0b-4d0b-9c93-6b1f3f8f7c11")
"""Fixed for ever: with another one, a dial that is repeated after a death would ring twice."""

CAMPAIGN = "CAMPAIGN#"
"""How partitions of campaigns begin in the calls table."""
ROW, CALL, COST = "ROW#", "CALL#", "COST#"

COST_ITEMS = 32
"""Over which a campaign's cost is spread: thirty calls a second would hold each other up at one."""

_PLACE = re.compile(r"([a-z0-9][a-z0-9-]{0,79})/(\d{1,6})/(\d{1,9})/(\d{1,3})")


class Place(NamedTuple):
    """One dial of a campaign: there is one at most for each."""

    campaign: str
    part: int
    """The part of the list that has the recipient."""
    row: int
    """The recipient's row in the list that people wrote."""
    round: int
    """Which dial to this recipient it is, counted from 1."""

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that `str` of one gives; None for any other text, which may come from outside."""
        found = _PLACE.fullmatch(text) if text.isascii() else None
        return cls(found[1], int(found[2]), int(found[3]), int(found[4])) if found else None

    def __str__(self) -> str:
        return f"{self.campaign}/{self.part}/{self.row}/{self.round}"

    @property
    def partition(self) -> str:
        """A partition for each part of a list, so that a million recipients are spread over a thousand."""
        return f"{CAMPAIGN}{self.campaign}#{self.part:05}"

    @property
    def row_item(self) -> str:
        """The recipient's item: how far the campaign is with them."""
        return f"{ROW}{self.row:09}"

    @property
    def call_item(self) -> str:
        """What the webhook function notes of the calls of this round."""
        return f"{CALL}{self.row:09}#{self.round:03}"

    @property
    def cost_item(self) -> tuple[str, str]:
        """The partition and the item in which the costs of calls to this row, and of others, are summed."""
        return f"{CAMPAIGN}{self.campaign}", f"{COST}{self.row % COST_ITEMS:02}"

    @property
    def command_id(self) -> str:
        """The dial's command id: the same however often it is sent."""
        return str(uuid.uuid5(COMMAND_NAMESPACE, str(self)))
