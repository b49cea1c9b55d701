"""`message.finalized`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.handlers.message_sent import noted
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("message.finalized")
def message_finalized(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A text was delivered, or will not be: noted with the call that sent it."""
    del flow
    return noted(call, event)
