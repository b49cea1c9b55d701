"""`call.hangup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import Decision, stay
from dialtone.domain.outcomes import UNKNOWN
from dialtone.flow.engine import advance, at_hangup, note_ending
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.hangup")
def call_hangup(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The leg has ended: hang up on callees who are left. If it was a callee's leg, the flow may take another path."""
    if event.about_callee:
        return advance(call, event, flow)
    if call.ended_at and call.hangup_cause == UNKNOWN and event.text("hangup_cause") != UNKNOWN:
        reported = call.end_reported(event)
        return Decision(reported, reason=reported.outcome)
    if call.ended_at:
        return stay(call, "ended already")
    ended = note_ending(call.hung_up(event), flow)
    return Decision(ended, (*ended.hangup_unbridged(), *at_hangup(call, flow)), reason=ended.outcome)
