"""`call.conversation.start_failed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.conversation.start_failed")
def conversation_start_failed(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The requested assistant could not start: let the flow go on."""
    return advance(call, event, flow)
