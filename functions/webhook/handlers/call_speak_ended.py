"""`call.speak.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.speak.ended")
def speak_ended(call: Call, event: Event) -> Decision:
    """A prompt has been read out: let the flow go on."""
    return call.advance(event)
