"""`conference.participant.left`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("conference.participant.left")
def conference_participant_left(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """The call has left its conference: taken out by a command, or because the conference or the call is over."""
    return advance(call, event, flow)
