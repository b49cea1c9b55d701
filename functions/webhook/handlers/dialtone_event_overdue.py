"""`dialtone.event.overdue`: our own event, for a call about which Telnyx has reported nothing for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import overdue
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.event.overdue")
def event_overdue(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The caller hears nothing: let the flow take its error path."""
    return overdue(call, event, flow)
