"""`call.bridged`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import BRIDGED
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.bridged")
def call_bridged(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The caller and another person are connected; both legs report it, and the earlier time counts."""
    since = min(filter(None, (call.bridged_at, event.occurred_at)))
    return advance(call.progress_to(BRIDGED)._replace(bridged_at=since), event, flow)
