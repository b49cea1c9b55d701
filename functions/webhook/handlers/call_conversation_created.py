"""`call.conversation.created`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.conversation.created")
def conversation_created(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """An assistant has begun to talk with the caller: noted in the timeline."""
    del flow
    return stay(call, event.text("conversation_id"))
