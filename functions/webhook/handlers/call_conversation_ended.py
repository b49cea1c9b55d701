"""`call.conversation.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.conversations import to_be_kept
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.conversation.ended")
def conversation_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A voice agent's conversation is over: store what was said, and let the flow go on.

    An assistant that listened for one answer reports its result by `call.ai_gather.ended` instead.
    """
    decision = advance(call, event, flow)
    return decision._replace(archive=(*decision.archive, *to_be_kept(call, event)))
