"""`call.playback.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.calls import ENDED, FLOW_ERROR, Decision
from dialtone.flow.steps.say import unplayable
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event


@on("call.playback.ended")
def playback_ended(call: Call, event: Event) -> Decision:
    """Audio has ended, or could not be played: let the flow go on. Even where it does so unmoved, the fault is told."""
    decision, reason = call.advance(event), unplayable(event)
    if not reason or reason in decision.reason or call.status == ENDED:
        return decision
    return decision.then(lambda now: Decision(now, reason=reason, incidents=(FLOW_ERROR,)))
