"""`call.answered`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import ANSWERED
from dialtone.domain.decisions import stay
from dialtone.flow.engine import begin, callee_progressed
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.answered")
def call_answered(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The call is answered: the flow enters its first step."""
    if event.about_callee:
        return callee_progressed(call, event, flow, "the callee answered")
    if call.answered_at:
        return stay(call, "answered already")
    # An incoming call is answered by us, so if this is the first event that we see, we have dialled the call.
    direction = call.direction or "outgoing"
    answered = call.progress_to(ANSWERED)._replace(direction=direction, answered_at=event.occurred_at)
    return begin(answered, event, flow)
