"""`call.transcription`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import Decision, stay
from dialtone.domain.live_transcription import OUTBOUND, TRANSCRIPT
from dialtone.flow.templating import MAX_VALUE_CHARACTERS
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.transcription")
def transcription(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Live transcription recognised a sentence: noted in the timeline; the flow stays where it is."""
    if flow is None or not flow.keeps_words(call, event):
        return stay(call, "not kept")
    return _recognised(call, event)


def _recognised(call: Call, event: Event) -> Decision:
    """The sentence goes into the timeline and, unless a later one came first, into the variable."""
    said = event.text(TRANSCRIPT)
    if not said:
        return stay(call, "nothing final yet")
    if event.text("track") == OUTBOUND or call.ended_at or event.occurred_at < call.heard_at:
        return Decision(call if call.heard_at else call._replace(heard_at=event.occurred_at))
    return Decision(call.remembering(TRANSCRIPT, said[:MAX_VALUE_CHARACTERS])._replace(heard_at=event.occurred_at))
