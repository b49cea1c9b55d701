"""`call.payment.progress`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow


@on("call.payment.progress")
def call_payment_progress(call: Call, event: Event, flow: LoadedFlow | None) -> Decision:
    """Telnyx asks the caller for the next part of a payment: noted in the timeline."""
    del flow
    return stay(call, " ".join(filter(None, map(event.text, ("payment_step", "payment_status", "error_type")))))
