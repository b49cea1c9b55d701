"""`call.gather.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.gather.ended")
def gather_ended(call: Call, event: Event) -> Decision:
    """The caller keyed something in, or did not: let the flow go on."""
    return call.advance(event)
