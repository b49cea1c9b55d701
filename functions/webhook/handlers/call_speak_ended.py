"""`call.speak.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.speak.ended")
def speak_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A prompt has been spoken: let the flow go on."""
    return advance(call, event, flow)
