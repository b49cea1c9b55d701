"""`call.machine.premium.greeting.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.machine.premium.greeting.ended")
def machine_premium_greeting_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The machine's greeting is over and it records: time to leave a message."""
    return advance(call.with_greeting(event), event, flow)
