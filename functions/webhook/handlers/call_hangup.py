"""`call.hangup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.calls import Decision
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event


@on("call.hangup")
def call_hangup(call: Call, event: Event) -> Decision:
    """The leg is gone, and who was being rung for it need not ring on. Of a far leg: the flow may go another way."""
    if event.about_callee:
        return call.advance(event)
    if call.ended_at:
        return call.stay("ended already")
    ended = call.hung_up(event)
    return Decision(ended, ended.hangup_callees(), reason=ended.outcome)
