"""`call.playback.started`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.playback.started")
def playback_started(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The caller begins to hear audio: noted in the timeline."""
    del event, flow
    return stay(call)
