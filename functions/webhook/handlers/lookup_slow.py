"""`dialtone.lookup.slow`: our own event, for another system that takes longer than a caller takes for no silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("dialtone.lookup.slow")
def lookup_slow(call: Call, event: Event) -> Decision:
    """There is no answer yet: let the flow say something."""
    return call.advance(event)
