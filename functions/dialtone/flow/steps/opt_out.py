"""Opts the person on the line out of campaigns: the number goes onto the suppression list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from dialtone.domain.campaigns.suppression import OPTED_OUT, Suppression
from dialtone.domain.numbers import E164
from dialtone.flow.step import Edge, Step
from dialtone.flow.step_moves import Fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class OptOut(Step):
    """Put the other side's number onto the suppression list, and go on at once: no campaign dials it any more."""

    paths: ClassVar[tuple[str, ...]] = ("no_number",)

    opt_out: Literal["campaigns"] = Field(description="From what: `campaigns`, all present and future ones.")
    no_number: str = Field("", description="The step for callers who withhold their number; without it, on_error.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for: the opt-out is stored with the event that led here."""
        del voice_defaults
        number = call.to_number if call.direction == "outgoing" else call.from_number
        if E164.fullmatch(number):
            at = int(datetime.fromisoformat(call.entered_at).timestamp())
            noted = Suppression(number, OPTED_OUT, by=f"call {call.session_id}", at=at)
            return self.take("next")._replace(opts_out=noted)
        return self.take("no_number") if self.no_number else Fail("no number to opt out", fault=False)

    def edges(self, last_resort: str = "") -> Iterator[Edge]:
        """Its error path only if nothing else handles callers without a number."""
        return (edge for edge in super().edges(last_resort) if not (edge.is_error and self.no_number))

    def waits(self) -> bool:
        """Never."""
        return False
