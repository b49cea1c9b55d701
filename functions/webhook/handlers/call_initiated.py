"""`call.initiated`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import RINGING
from dialtone.domain.decisions import stay
from dialtone.flow.engine import answer_or_reject, callee_progressed
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.initiated")
def call_initiated(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A leg rings. An incoming call is answered or rejected, as its number's flow says."""
    if event.about_callee:
        return callee_progressed(call, event, flow, "the callee's leg rings")
    if call.initiated_at:
        return stay(call, "it rings already")
    ringing = call.progress_to(RINGING)._replace(direction=event.text("direction"), initiated_at=event.occurred_at)
    rings = ringing.direction == "incoming" and ringing.status == RINGING
    return answer_or_reject(ringing, event, flow) if rings else stay(ringing)
