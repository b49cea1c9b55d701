"""`dialtone.lookup.slow`: our own event, for a lookup that takes so long that the caller would notice the silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.lookup.slow")
def lookup_slow(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """There is no answer yet: let the flow speak or play something."""
    return advance(call, event, flow)
