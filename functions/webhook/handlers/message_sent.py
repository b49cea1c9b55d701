"""`message.sent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("message.sent")
def message_sent(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Telnyx has passed a text to the carrier: noted with the call that sent it."""
    del flow
    return noted(call, event)


def noted(call: Call, event: Event) -> Decision:
    """The call with the text's latest status. A report about a text that no call sent changes nothing."""
    status = event.text("status")
    if not call.version or not status:
        return stay(call, "no call had it sent")
    said = " ".join(filter(None, (status, event.text("code"))))
    return stay(call.with_text(event.text("message_id"), status), f"text {said}")
