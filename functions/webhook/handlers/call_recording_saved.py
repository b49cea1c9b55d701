"""`call.recording.saved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain import call_recordings
from dialtone.domain.recordings import SAVED
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.recording.saved")
def recording_saved(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A recording is ready: queue it for the archive. A flow that waits for it, or possibly for it, goes on."""
    kept = call_recordings.recording_saved(call, event)
    waited_for = any(recording.status == SAVED and recording.turn == call.turn for recording in kept.recordings)
    return kept.then(lambda now: advance(now, event, flow)) if waited_for else kept
