"""`dialtone.command.refused`: our own event, for a command that Telnyx refused for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("dialtone.command.refused")
def command_refused(call: Call, event: Event) -> Decision:
    """Recordings that it promised will not come; unless the call has ended, the flow takes its error path."""
    call_ended = event.payload["call_ended"]
    if event.text("action") == "record_pause":
        call = call.pause_refused(event)
    decision = call.recording_refused(
        event.text("reason"),
        names=event.payload["recording_names"],
        turns=event.payload["recording_turns"],
        call_ended=call_ended,
    )
    return decision if call_ended else decision.then(lambda now: now.refused(event))
