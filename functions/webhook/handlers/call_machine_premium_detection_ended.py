"""`call.machine.premium.detection.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_variables import ANSWERED_BY
from dialtone.flow.engine import advance
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.machine.premium.detection.ended")
def machine_premium_detection_ended(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """A person or a machine answered. The result is stored, since this event may overtake `call.answered`."""
    return advance(call.remembering(ANSWERED_BY, event.text("result") or "not_sure"), event, flow)
