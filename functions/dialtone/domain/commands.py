"""Commands to Telnyx Call Control, checked before they are sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dialtone.domain.errors import CommandInvalid
from dialtone.domain.parameter_checks import Fault, shown, written
from dialtone.domain.telnyx_actions import ACTIONS, Action

# Fixed for ever: with another one, a redelivered event's commands would get new ids and Telnyx would obey twice.
COMMAND_NAMESPACE = uuid.UUID("c6a5f0de-51c5-4f6f-9a5e-4a9f6b0a7d32")

SEND_MESSAGE = "send_message"
"""Telnyx's `POST /messages`. It is not an action on a call, but it is sent, stored and resent like one."""

WITHOUT_CALL = frozenset({"dial", SEND_MESSAGE})

CALL_CONTROL_ID = written(r"[^\s/?#]+", "the call's own id")  # it becomes a segment of the address


class Command(NamedTuple):
    """One request to Telnyx Call Control, checked, not yet sent.

    `action` is Telnyx's own name of it, "dial" or "send_message", for which `call_control_id` is empty; `parameters`
    have Telnyx's own names, without `command_id`, which is added when the command is sent.
    """

    action: str
    call_control_id: str
    parameters: Mapping[str, object]

    def to_json(self) -> dict[str, object]:
        """The command as a JSON object."""
        return {"action": self.action, "call_control_id": self.call_control_id, "parameters": dict(self.parameters)}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> Command:
        """The command that `to_json` gave. Raises CommandInvalid if it has another shape.

        The parameters are not checked again: a command once decided is sent again unchanged, even after a deployment
        with stricter checks.
        """
        match kept:
            case {
                "action": str(action),
                "call_control_id": str(call_control_id),
                "parameters": Mapping() as parameters,
            }:
                return cls(action, call_control_id, {str(name): value for name, value in parameters.items()})
            case _:
                raise CommandInvalid("", "", f"a kept command has an unknown shape: {shown(kept)}")


def command(action: str, call_control_id: str = "", /, **parameters: object) -> Command:
    """Create a command. Raises CommandInvalid for the first parameter that Telnyx would refuse.

    `from` is a Python keyword, so pass it as `**{"from": "+15550100"}`.
    """
    if action not in ACTIONS:
        raise CommandInvalid(action, "", f"is not an action; known are {', '.join(ACTIONS)}")
    for fault in _faults(action, call_control_id, parameters):
        raise CommandInvalid(action, fault.parameter, fault.reason)
    return Command(action, call_control_id, {name: _plain(value) for name, value in parameters.items()})


def command_id(event_id: str, place: int) -> str:
    """The id of the command at `place` in the decision on an event: always the same, however often it is decided."""
    return str(uuid.uuid5(COMMAND_NAMESPACE, f"{event_id}/{place}"))


def _faults(action: str, call_control_id: str, parameters: Mapping[str, object]) -> Iterator[Fault]:
    takes = ACTIONS[action]
    if action not in WITHOUT_CALL:
        yield from CALL_CONTROL_ID.faults("call_control_id", call_control_id)
    elif call_control_id:
        yield Fault("call_control_id", "must be left out: the call has none yet")
    for missing in (name for name in takes.required if name not in parameters):
        yield Fault(missing, "is missing")
    for name, given in parameters.items():
        if name in takes.parameters:
            yield from takes.parameters[name].faults(name, given)
        else:
            yield _unknown(takes, name)
    for rule in takes.rules:
        yield from rule.faults(parameters)


def _unknown(takes: Action, name: str) -> Fault:
    if name == "command_id":
        return Fault(name, "must be left out: it is added when the command is sent")
    import difflib  # noqa: PLC0415 -- 5 ms that a start from cold need not pay for a mistake that a test finds

    likely = difflib.get_close_matches(name, takes.parameters, n=1)
    remedy = f"did you mean {likely[0]}?" if likely else f"known are {', '.join(sorted(takes.parameters))}"
    return Fault(name, f"is not a parameter of it; {remedy}")


def _plain(value: object) -> object:
    """A copy made of dicts and lists only: later changes of the original do not reach it, and JSON preserves it."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
