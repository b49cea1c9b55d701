"""`call.recording.saved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.recordings import SAVED
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.recording.saved")
def recording_saved(call: Call, event: Event) -> Decision:
    """A recording has come: into custody with it; a flow that waits for it, or for what it may be, goes on."""
    kept = call.recording_saved(event)
    waited_for = any(recording.status == SAVED and recording.turn == call.turn for recording in kept.recordings)
    return kept.then(lambda now: now.advance(event)) if waited_for else kept
