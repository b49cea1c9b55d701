"""`call.hangup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.calls import Call, Decision
    from dialtone.events import Event


@on("call.hangup")
def call_hangup(call: Call, event: Event) -> Decision:
    """The leg is gone. Of a far leg: the flow may have to take another way."""
    if event.about_far_leg:
        return call.advance(event)
    ended = call.hung_up(event)
    return ended.stay(ended.outcome)
