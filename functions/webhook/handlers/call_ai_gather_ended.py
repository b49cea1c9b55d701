"""`call.ai_gather.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.ai_gather.ended")
def ai_gather_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The caller said something, or nothing: let the flow go on."""
    return advance(call, event, flow)
