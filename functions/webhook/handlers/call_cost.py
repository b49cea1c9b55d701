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
    """What the call cost, if the application asks for it: noted in the timeline, counted for its campaign."""
    del flow
    if not call.campaign:
        return stay(call)
    # Calls outside campaigns do not load the campaign modules.
    from dialtone.domain.campaigns.costs import call_cost  # noqa: PLC0415

    return stay(call._replace(cost=call_cost(event.text("total_cost"), call.cost)))
