"""`dialtone.message.accepted`: our own event, for a text that Telnyx has taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.sms import QUEUED
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.message.accepted")
def message_accepted(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Note the text, whether or not its step still waits; if it does, the flow goes on."""
    return advance(call.with_text(event.text("message_id"), QUEUED), event, flow)
