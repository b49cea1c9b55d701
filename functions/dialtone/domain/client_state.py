"""The `client_state` of a command. Telnyx echoes it, so an event shows to which step of which call it belongs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from dialtone.domain.stored_records import EMPTY

TAG, TAG_VERSION = "dialtone", 1
"""Identifies a state as ours: other programs may use one-letter keys, too. A new version means that older code cannot
read it; within a version, fields may be added."""

MAX_TURN = 1_000_000
"""Far more steps than a flow's limits allow."""

MAX_LEG_CHARACTERS = 255

MAX_DECISION, MAX_PLACE = 10_000_000, 1_000
"""Far more decisions than a call has, and far more commands than a decision has."""

ALL_PLACES = MAX_PLACE
"""The place that stands for "all commands of the decision were obeyed", as when a lookup starts."""


class ClientState(NamedTuple):
    """Telnyx's `client_state` as Dialtone writes it: echoed on every later webhook of the leg."""

    turn: int = 0
    """The call's step sequence number when the command was decided."""
    flow: str = ""
    """The flow that an outgoing call is dialled for."""
    parent_leg: str = ""
    """For a callee's leg: the leg whose flow dialled it."""
    sensitive: bool = False
    """The caller's digits in this step are kept out of every record."""
    dialled: bool = False
    """For a callee's leg: we dialled it and must end it. Telnyx itself ends the legs of its transfers."""
    given: Mapping[str, str] = EMPTY
    """For an outgoing call: its flow inputs."""
    decision: int = 0
    """The number of the decision that sent the command, and with `place` the command's place in it: an event that
    carries them shows that Telnyx has obeyed that command. 0 for none."""
    place: int = 0
    role: str = ""
    """For a leg that joins a conversation: its role and number there (`supervisor1`)."""
    campaign: str = ""
    """For an outgoing call of a campaign: its place there."""
    flow_version: str = ""
    """The version of the flow that an outgoing call is dialled for; '' for the one that takes calls when it is
    answered."""
    room_of: str = ""
    """For a conference made of a conversation: the leg whose flow led the conversation."""
    talks: bool = False
    """Whether the person on the leg was in a conversation or conference when the command was decided: then its end
    leaves nobody in silence."""

    def encode(self) -> str:
        """Base64 of compact JSON, tagged as ours and without fields that are not set."""
        return _written({TAG: TAG_VERSION, **self._written_fields()})

    def _written_fields(self) -> dict[str, Any]:
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
        return bool(self.flow) and text == _written(self._written_fields())


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
