"""`call.cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.cost")
def cost(call: Call, event: Event) -> Decision:
    """What the call cost, where the application asks for it: a line in the timeline."""
    del event
    return call.stay()
