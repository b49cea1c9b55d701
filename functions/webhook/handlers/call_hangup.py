"""`call.hangup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.calls import Decision
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.events import Event


@on("call.hangup")
def call_hangup(call: Call, event: Event) -> Decision:
    """The leg is gone, and who was being rung for it need not ring on. Of a far leg: the flow may go another way."""
    if event.about_far_leg:
        return call.advance(event)
    if call.ended_at:
        return call.stay("ended already")
    ended = call.hung_up(event)
    return Decision(ended, ended.without_far_legs(), reason=ended.outcome)
