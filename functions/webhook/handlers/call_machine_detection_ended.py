"""`call.machine.detection.ended`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.calls import ANSWERED_BY
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.machine.detection.ended")
def machine_detection_ended(call: Call, event: Event) -> Decision:
    """A person or a machine answered: remembered, since it may overtake the answer itself."""
    return call.remembering(ANSWERED_BY, event.text("result") or "not_sure").advance(event)
