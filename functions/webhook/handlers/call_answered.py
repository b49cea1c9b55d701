"""`call.answered`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.domain.calls import ANSWERED
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.answered")
def call_answered(call: Call, event: Event) -> Decision:
    """The call is up: the flow enters its first step."""
    if event.about_callee:
        return call.callee_progressed(event, "the far leg answered")
    if call.answered_at:
        return call.stay("answered already")
    # Only a call that we dialled can be answered before we know that it rings: an incoming one is answered by us.
    direction = call.direction or "outgoing"
    answered = replace(call.progress_to(ANSWERED), direction=direction, answered_at=event.occurred_at)
    return answered.begin(event)
