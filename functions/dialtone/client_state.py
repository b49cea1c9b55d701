"""What a command leaves with Telnyx, so that the events it causes say which turn of which call they belong to."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ClientState:
    """Telnyx's `client_state` as Dialtone writes it: echoed on every later webhook of the leg."""

    turn: int = 0
    """How many steps the call had entered when the command was decided."""
    flow: str = ""
    """The flow that an outgoing call is dialled for."""
    parent_leg: str = ""
    """For the far leg of a transfer: the leg whose flow asked for it."""
    sensitive: bool = False
    """The caller's digits of this turn are kept out of every record."""
    dialled: bool = False
    """For a far leg: we dialled it and end it; Telnyx itself ends those of its transfers."""
    given: Mapping[str, str] = field(default_factory=dict, hash=False)
    """For an outgoing call: variables that it begins with."""

    def encode(self) -> str:
        """Base64 of compact JSON that leaves out what is not set."""
        flags = {"s": int(self.sensitive), "d": int(self.dialled)}
        fields = {"t": self.turn, "f": self.flow, "p": self.parent_leg, "g": dict(self.given), **flags}
        told = {key: value for key, value in fields.items() if value}
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> ClientState:
        """Read it back; a state that is not ours (another program's, or none) is an empty one, never an error."""
        try:
            fields = json.loads(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError, RecursionError):
            return cls()
        if not isinstance(fields, dict):
            return cls()
        turn, flow, parent_leg = fields.get("t", 0), fields.get("f", ""), fields.get("p", "")
        if type(turn) is not int or not isinstance(flow, str) or not isinstance(parent_leg, str):
            return cls()
        given = fields.get("g", {})
        if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
            return cls()
        sensitive, dialled = bool(fields.get("s", 0)), bool(fields.get("d", 0))
        return cls(turn, flow, parent_leg, sensitive=sensitive, dialled=dialled, given=given)
