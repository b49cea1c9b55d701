"""`call.recording.transcription.saved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.recording.transcription.saved")
def recording_transcription_saved(call: Call, event: Event) -> Decision:
    """A transcript has come: it is laid beside its recording."""
    return call.transcript_saved(event)
