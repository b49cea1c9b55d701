"""`call.dequeued`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.dequeued")
def call_dequeued(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The call has left its queue: connected, hung up, taken out by a command, or timed out."""
    return advance(call, event, flow)
