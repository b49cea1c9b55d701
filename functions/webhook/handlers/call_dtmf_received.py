"""`call.dtmf.received`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.dtmf.received")
def dtmf_received(call: Call, event: Event) -> Decision:
    """A key was pressed: let the flow go on, if it waits for one."""
    return call.advance(event)
