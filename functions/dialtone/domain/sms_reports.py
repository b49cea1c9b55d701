"""Telnyx's reports about a text (SMS) that a call sent. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.decisions import stay

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision
    from dialtone.domain.events import Event


def noted(call: Call, event: Event) -> Decision:
    """The call with the text's latest status. A report about a text that no call sent changes nothing."""
    status = event.text("status")
    if not call.version or not status:
        return stay(call, "no call had it sent")
    said = " ".join(filter(None, (status, event.text("code"))))
    return stay(call.with_text(event.text("message_id"), status), f"text {said}")
