"""`call.payment.completed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import ENDED
from dialtone.domain.decisions import stay
from dialtone.domain.payments import outcome
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.payment.completed")
def call_payment_completed(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A payment is over: let the flow go on. After a hang-up it is noted only: the card may have been charged."""
    if event.client_state.turn == call.turn and not call.after_turn:
        for name, value in outcome(event.payload).items():
            call = call.remembering(name, value)
    if call.status == ENDED and event.occurred_at > call.ended_at:
        return stay(call, f"payment {event.text('result')}, after the hang-up")
    return advance(call, event, flow)
