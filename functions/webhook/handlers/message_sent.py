"""`message.sent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.sms_reports import noted
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
