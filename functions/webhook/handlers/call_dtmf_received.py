"""`call.dtmf.received`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.dtmf.received")
def dtmf_received(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A key was pressed: let the flow go on, if it waits for one."""
    return advance(call, event, flow)
