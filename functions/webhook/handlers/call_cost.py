"""`call.cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.cost")
def cost(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """What the call cost, where the application asks for it: a line in the timeline."""
    del event, flow
    return stay(call)
