"""The `client_state` of a command. Telnyx echoes it, so an event shows to which step of which call it belongs."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG, TAG_VERSION = "dialtone", 1
"""Marks a state as ours: other programs may use one-letter keys, too. A new version means that older code cannot read
it; fields may be added within a version."""

MAX_TURN = 1_000_000
"""Far more steps than a flow's limits let a call enter."""

MAX_LEG_CHARACTERS = 255

MAX_DECISION, MAX_PLACE = 10_000_000, 1_000
"""Far more than a call has decisions, and a decision commands."""

ALL_PLACES = MAX_PLACE
"""The place of what begins once all commands of a decision were obeyed: a lookup."""


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
    decision: int = 0
    """Which of the call's decisions sent the command that left this state, and with `place` which of its commands:
    an event with it shows that Telnyx has obeyed that one. 0 for none."""
    place: int = 0
    role: str = ""
    """For a far leg that joins a conversation: what it is there, and which of those (`supervisor1`)."""
    campaign: str = ""
    """For an outgoing call of a campaign: its place there."""
    flow_version: str = ""
    """Of the flow that an outgoing call is dialled for; '' for the one that takes calls when it is answered."""
    room_of: str = ""
    """For a conference that a conversation has become: the leg whose flow leads it, whomever its events are about."""
    talks: bool = False
    """Whether the person on the leg was in a conversation or a conference when the command was decided: its end leaves
    nobody in silence."""

    def encode(self) -> str:
        """Base64 of compact JSON, tagged as ours and without fields that are not set."""
        return _written({TAG: TAG_VERSION, **self._fields()})

    def _fields(self) -> dict[str, Any]:
        flags = {"s": int(self.sensitive), "d": int(self.dialled), "m": int(self.talks)}
        command = {"n": self.decision, "c": self.place}
        fields = {"t": self.turn, "f": self.flow, "p": self.parent_leg, "g": dict(self.given), **flags, **command}
        fields |= {"r": self.role, "k": self.campaign, "v": self.flow_version, "o": self.room_of}
        return {key: value for key, value in fields.items() if value}

    @classmethod
    def decode(cls, text: str) -> ClientState:
        """Decode it. A state that is not ours (another program's, or none) gives an empty one, never an error."""
        try:
            fields = json.loads(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError, RecursionError):
            return cls()
        if not isinstance(fields, dict):
            return cls()
        read = cls._read(fields)
        if read is None or (fields.get(TAG) != TAG_VERSION and not read._is_untagged(text)):  # noqa: SLF001 -- our own
            return cls()
        return read

    @classmethod
    def _read(cls, fields: dict[str, Any]) -> ClientState | None:
        """The state, ignoring a later version's fields; None if the type of a field is not ours."""
        role, room_of = fields.get("r", ""), fields.get("o", "")
        turn, flow, parent_leg = fields.get("t", 0), fields.get("f", ""), fields.get("p", "")
        given = fields.get("g", {})
        if (
            type(turn) is not int
            or abs(turn) > MAX_TURN
            or not _is_text(flow)
            or not _is_leg(parent_leg)
            or not _is_leg(role)
            or not _is_leg(room_of)
        ):
            return None
        if not isinstance(given, dict) or not all(_is_text(each) for pair in given.items() for each in pair):
            return None
        decision, place = fields.get("n", 0), fields.get("c", 0)
        if not _is_count(decision, MAX_DECISION) or not _is_count(place, MAX_PLACE):
            return None
        campaign, version = fields.get("k", ""), fields.get("v", "")
        if not _is_text(campaign) or not _is_text(version):
            return None
        sensitive, dialled, talks = (bool(fields.get(name, 0)) for name in "sdm")
        return cls(
            turn, flow, parent_leg, sensitive, dialled, given, decision, place, role, campaign, version, room_of, talks
        )

    def _is_untagged(self, text: str) -> bool:
        """Whether it is exactly what earlier versions wrote without a tag, for calls in progress at deployment."""
        return bool(self.flow) and text == _written(self._fields())


def _written(fields: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()).decode()


def _is_count(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_leg(value: object) -> bool:
    """Whether it can be a leg's id, which becomes a key of the table."""
    return isinstance(value, str) and len(value) <= MAX_LEG_CHARACTERS and value.isascii() and value.isprintable()
