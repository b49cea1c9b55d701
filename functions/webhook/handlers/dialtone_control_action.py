"""`dialtone.control.action`: our own event, for an action requested by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.events import CONTROL_ACTION
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on(CONTROL_ACTION)
def control_action(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Carry the action out, if that is possible now."""
    from dialtone.flow.requested_actions import act  # noqa: PLC0415 -- few calls are acted on

    return act(call, event, flow)
