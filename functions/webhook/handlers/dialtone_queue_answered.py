"""`dialtone.queue.answered`: our own event, for Telnyx's answer about a queue or a conference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.queue.answered")
def queue_answered(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The answer is there: let the flow go on with it."""
    return advance(call, event, flow)
