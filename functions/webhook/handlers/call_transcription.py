"""`call.transcription`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from dialtone.domain.live_words import heard
from dialtone.flow.templating import MAX_VALUE_CHARACTERS
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.transcription")
def transcription(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Live transcription recognised a sentence: noted in the timeline; the flow stays where it is."""
    if flow is None or not flow.keeps_words(call, event):
        return stay(call, "not kept")
    return heard(call, event, MAX_VALUE_CHARACTERS)
