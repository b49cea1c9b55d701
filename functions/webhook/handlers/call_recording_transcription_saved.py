"""`call.recording.transcription.saved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_recordings import transcript_saved
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.recording.transcription.saved")
def recording_transcription_saved(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A transcript has arrived: queue it, to be stored beside its recording."""
    del flow
    return transcript_saved(call, event)
