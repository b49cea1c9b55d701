"""Legs that the failover function controls: their later events may come here once this function works again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dialtone.domain.commands import CALL_CONTROL_ID, command, command_id
from dialtone.domain.decisions import Decision, stay
from dialtone.domain.errors import CommandInvalid
from dialtone.domain.failover import FailoverState, Order, ending, sentence_ended

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event

_MOVES_A_FLOW = ("call.speak.", "call.playback.", "call.gather.", "call.dtmf.", "call.bridged")
"""Prefixes of the events on which a flow would go on, though the failover has already spoken to the caller."""


def led_by_failover(call: Call, event: Event) -> Decision | None:
    """The decision on an event of a leg that the failover controls; None if the event is handled like any other.

    The call ends as the failover would have ended it, and the caller hears nothing more.
    """
    state = FailoverState.decode(event.text("client_state"))
    if not state:
        return None
    if state.caller:
        return _end(call, state.caller, "", "who was rung has gone") if event.type == "call.hangup" else None
    control_id = event.text("call_control_id")
    if event.type == "call.answered" and not call.flow:
        return _end(call, control_id, state.transfer_to, "answered by the failover, and not known here")
    if sentence_ended(state, event.type, event.text("status"), datetime.fromisoformat(event.occurred_at).timestamp()):
        return _end(call, control_id, state.transfer_to, "the failover's sentence has ended")
    return stay(call, "led by the failover") if event.type.startswith(_MOVES_A_FLOW) else None


def id_of(asked: Command, event_id: str, place: int) -> str:
    """The id of a command; of one sent on the failover's behalf, the id that the failover itself would use."""
    if FailoverState.decode(asked.parameters.get("client_state")):
        return Order(asked.action, asked.call_control_id, {}).command_id
    return command_id(event_id, place)


def _end(call: Call, control_id: str, transfer_to: str, reason: str) -> Decision:
    if [*CALL_CONTROL_ID.faults("call_control_id", control_id)]:
        return stay(call, f"{reason}; it has no id")
    order = ending(control_id, transfer_to)[0]
    try:
        asked = command(order.action, order.call_control_id, **order.parameters)
    except CommandInvalid:  # a number that Telnyx would refuse: the failover's setting, not checked there
        asked = command("hangup", control_id)
    return Decision(call, (asked,), reason=reason)
