"""`dialtone.command.refused`: our own event, for a command that Telnyx refused for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.calls import Call, Decision
    from dialtone.events import Event


@on("dialtone.command.refused")
def command_refused(call: Call, event: Event) -> Decision:
    """A recording that it promised will not come; unless the call has ended, the flow takes its error way."""
    decision = call.stay(event.text("reason"))
    if event.payload["recording_turn"] is not None:
        decision = call.recording_failed(event.text("reason"), event.payload["recording_turn"])
    if event.payload["call_ended"]:
        return decision
    return decision.then(lambda now: now.refused(event))
