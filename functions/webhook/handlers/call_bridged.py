"""`call.bridged`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dialtone.domain.calls import BRIDGED
from webhook.router import on

if TYPE_CHECKING:
    from dialtone.domain.calls import Call, Decision
    from dialtone.domain.events import Event


@on("call.bridged")
def call_bridged(call: Call, event: Event) -> Decision:
    """The caller and another person hear each other; both legs tell it, and the earlier time counts."""
    since = min(filter(None, (call.bridged_at, event.occurred_at)))
    return replace(call.progress_to(BRIDGED), bridged_at=since).advance(event)
