"""`call.playback.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import ENDED
from dialtone.domain.decisions import FLOW_ERROR, Decision
from dialtone.flow.engine import advance
from dialtone.flow.prompts import unplayable
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.playback.ended")
def playback_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Audio has ended, or could not be played: let the flow go on. A failure is noted even if the flow ignores it."""
    decision, reason = advance(call, event, flow), unplayable(event)
    if not reason or reason in decision.reason or call.status == ENDED:
        return decision
    return decision.then(lambda now: Decision(now, reason=reason, incidents=(FLOW_ERROR,)))
