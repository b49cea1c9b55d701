"""`dialtone.command.refused`: our own event, for a command that Telnyx refused for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_recordings import pause_refused, recording_refused
from dialtone.flow.engine import take_error_path
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("dialtone.command.refused")
def command_refused(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Recordings that the command promised will not come. Unless the call has ended, the flow takes its error path.

    The flow ignores the refusal of a command from the control API, whose answer reports it.
    """
    call_ended = event.payload["call_ended"]
    outside = bool(event.payload.get("from_outside"))
    if event.text("action") == "record_pause":
        call = pause_refused(call, event)
    decision = recording_refused(
        call,
        event.text("reason"),
        names=event.payload["recording_names"],
        turns=event.payload["recording_turns"],
        call_ended=call_ended or outside,
    )
    if outside:
        from dialtone.flow.requested_actions import refused  # noqa: PLC0415 -- few calls are acted on

        return decision.then(lambda now: refused(now, event, flow))
    return decision if call_ended else decision.then(lambda now: take_error_path(now, event, flow))
