"""`dialtone.lookup.answered`: our own event, for another system's answer to a lookup, or for its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.lookup.answered")
def lookup_answered(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The lookup is over: let the flow go on with its result."""
    return advance(call, event, flow)
