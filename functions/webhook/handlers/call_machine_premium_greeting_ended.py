"""`call.machine.premium.greeting.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.machine.premium.greeting.ended")
def machine_premium_greeting_ended(call: Call, event: Event) -> Decision:
    """The machine's greeting is over and it records: the moment to leave a message."""
    return call.greeting_ended(event)
