"""`message.received`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("message.received")
def message_received(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Somebody sent a text to one of our numbers. Telnyx itself answers STOP; the text is not stored."""
    del event, flow
    return stay(call, "not read")
