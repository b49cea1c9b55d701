"""Base of the steps that connect the caller with another person: a caller who gave up did not talk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.flow.step import OnHangup
from dialtone.flow.talking_step import Talking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call


class Connecting(Talking):
    """A step that ends in a conversation; `served` says whether it has begun."""

    on_hangup_connected: OnHangup = Field(
        default_factory=OnHangup,
        description="As on_hangup, once the caller is connected; on_hangup applies until then.",
    )

    def hangup_path(self, call: Call) -> OnHangup:
        """The one for the conversation, once it has begun."""
        return self.on_hangup_connected if self.served(call) else self.on_hangup

    def hangup_paths(self) -> Iterator[tuple[str, OnHangup]]:
        """Before the conversation, and during it."""
        yield from super().hangup_paths()
        yield "on_hangup_connected", self.on_hangup_connected
