"""`call.initiated`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.domain.calls import RINGING
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.initiated")
def call_initiated(call: Call, event: Event) -> Decision:
    """A leg rings: an incoming call is answered or rejected as its number's flow says."""
    if event.about_callee:
        return call.callee_progressed(event, "the far leg rings")
    if call.initiated_at:
        return call.stay("it rings already")
    ringing = replace(call.progress_to(RINGING), direction=event.text("direction"), initiated_at=event.occurred_at)
    rings = ringing.direction == "incoming" and ringing.status == RINGING
    return ringing.ring(event) if rings else ringing.stay()
