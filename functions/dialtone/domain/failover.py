"""What the failover function writes into a leg's `client_state`, and how it ends a call to which it has spoken.

The webhook function reads it too: later events of such a leg may reach it once it works again.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Literal, NamedTuple, get_args

TAG, TAG_VERSION = "failover", 1

COMMAND_NAMESPACE = uuid.UUID("1f7f6c43-6a56-4c0c-9b37-4a4a5b0c1d4e")

Stage = Literal["", "answered", "spoken", "ended"]
"""How far the failover is with a leg: not begun, answered, sentence spoken, transferred or hung up."""

_STAGES = get_args(Stage)

_BEGINNING = base64.b64encode(f'{{"{TAG}":'.encode()).decode()
"""Of every state that `encode` returns. Most legs have a state of the webhook function, which begins otherwise."""

MAX_CHARACTERS = 255
"""For a number or a call's id."""


class FailoverState(NamedTuple):
    """A leg's `client_state` as the failover writes it. The empty one is that of a leg that it has not touched."""

    stage: Stage = ""
    sentence_until: int = 0
    """Unix time before which the sentence cannot have ended: speech that ends earlier is a prompt that it
    interrupted."""
    transfer_to: str = ""
    """The number to transfer to after the sentence; '' to hang up."""
    caller: str = ""
    """For a callee's leg: the call control id of the caller's leg."""

    def encode(self) -> str:
        """Base64 of compact JSON that leaves out what is not set."""
        fields = {"s": self.stage, "u": self.sentence_until, "t": self.transfer_to, "c": self.caller}
        given = {TAG: TAG_VERSION, **{name: value for name, value in fields.items() if value}}
        return base64.b64encode(json.dumps(given, separators=(",", ":")).encode()).decode()

    @classmethod
    def decode(cls, text: object) -> FailoverState:
        """Decode it. Anything else, of whatever type, returns an empty one."""
        if not isinstance(text, str) or not text.startswith(_BEGINNING):
            return UNTOUCHED
        try:
            fields = json.loads(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError, RecursionError):
            return cls()
        if not isinstance(fields, dict) or type(fields.get(TAG)) is not int or fields[TAG] != TAG_VERSION:
            return cls()
        stage, until = fields.get("s", ""), fields.get("u", 0)
        texts = (fields.get("t", ""), fields.get("c", ""))
        if stage not in _STAGES or type(until) is not int:
            return cls()
        if not all(isinstance(each, str) and len(each) <= MAX_CHARACTERS for each in texts):
            return cls()
        return cls(stage, until, *texts)

    def is_past(self, other: FailoverState) -> bool:
        """Whether the leg with this state is further along than one with the other."""
        return _STAGES.index(self.stage) > _STAGES.index(other.stage)

    def __bool__(self) -> bool:
        """Whether the failover has touched the leg."""
        return self != FailoverState()


UNTOUCHED = FailoverState()


class Order(NamedTuple):
    """One command for Telnyx."""

    action: str
    call_control_id: str
    parameters: dict[str, object]
    variant: str = ""
    """Distinguishes the command from its fallback, which has the same action."""

    @property
    def command_id(self) -> str:
        """The same for the same action on the same call: Telnyx obeys an id once within a minute."""
        return str(uuid.uuid5(COMMAND_NAMESPACE, f"{self.call_control_id}/{self.action}{self.variant}"))


def sentence_ended(state: FailoverState, event_type: str, status: str, occurred_seconds: float) -> bool:
    """Whether an event shows that the caller has heard the whole sentence."""
    ended = state.stage == "spoken" and event_type == "call.speak.ended" and status != "call_hangup"
    return ended and occurred_seconds >= state.sentence_until


def ending(call_control_id: str, transfer_to: str) -> tuple[Order, ...]:
    """The commands that end a call; each is a fallback if Telnyx refuses the one before it."""
    hangup = Order("hangup", call_control_id, {})
    if not transfer_to:
        return (hangup,)
    rings: dict[str, object] = {
        "to": transfer_to,
        "client_state": FailoverState("ended").encode(),
        "target_leg_client_state": FailoverState(caller=call_control_id).encode(),
    }
    return Order("transfer", call_control_id, rings), hangup
