"""`call.speak.started`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.speak.started")
def speak_started(call: Call, event: Event) -> Decision:
    """The caller begins to hear a prompt: a mark in the timeline."""
    del event
    return call.stay()
