"""`call.recording.error`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.recording.error")
def recording_error(call: Call, event: Event) -> Decision:
    """Telnyx could not keep a recording: a flow that waits for the one that it is, or may be, takes its error path."""
    failed = call.recording_error(event)
    waited_for = any(recording.turn == call.turn for recording in failed.recordings)
    return failed.then(lambda now: now.advance(event)) if waited_for else failed
