"""`call.hangup`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.calls import ENDED
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.calls import Call, Decision
    from dialtone.events import Event


@on("call.hangup")
def call_hangup(call: Call, event: Event) -> Decision:
    """The leg is gone. Of a far leg: the flow may have to take another way."""
    if event.about_far_leg:
        return call.advance(event)
    ended = replace(
        call,
        status=ENDED,
        ended_at=event.occurred_at,
        hangup_cause=event.text("hangup_cause"),
        hangup_source=event.text("hangup_source"),
    )
    return ended.stay(ended.outcome)
