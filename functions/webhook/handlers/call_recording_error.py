"""`call.recording.error`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain import call_recordings
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.recording.error")
def recording_error(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Telnyx could not store a recording: a flow that waits for it, or possibly for it, takes its error path."""
    failed = call_recordings.recording_error(call, event)
    waited_for = any(recording.turn == call.turn for recording in failed.recordings)
    return failed.then(lambda now: advance(now, event, flow)) if waited_for else failed
