"""`call.playback.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.calls import Call, Decision
    from dialtone.events import Event


@on("call.playback.ended")
def playback_ended(call: Call, event: Event) -> Decision:
    """Audio has ended, or could not be played: let the flow go on."""
    return call.advance(event)
