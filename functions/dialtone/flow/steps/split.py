"""Sends a share of all calls another way: a new greeting for a tenth, a survey for one in five."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator

from dialtone.flow.step import Step
from dialtone.flow.values import chance, drawn

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

ALL = 100
"""Percent."""

Sticky = Literal["call", "caller"]


class Share(BaseModel):
    """So many percent of the calls, and where they go."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    percent: StrictInt = Field(ge=1, le=ALL, description="Percentage of all calls that come here.")
    to: str = Field(description="The step that they go to.")


class Split(Step):
    """Lead a share of the calls to each of these steps, by chance; the rest to the next one."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = ("split",)

    split: tuple[Share, ...] = Field(min_length=1, max_length=ALL, description="The shares; at most 100 % together.")
    sticky: Sticky | None = Field(
        None,
        description=(
            "The same path again for the same `call`, or for the same `caller`. Without it, each time at random."
        ),
    )

    @field_validator("split")
    @classmethod
    def _at_most_all(cls, shares: tuple[Share, ...]) -> tuple[Share, ...]:
        if (together := sum(share.percent for share in shares)) > ALL:
            raise ValueError(f"the shares add up to {together} %; let them add up to {ALL} at most")
        return shares

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for. The random value follows from the call: a repeated decision is the same."""
        del voice_defaults
        left = drawn(0, ALL - 1, *self._seed(call))
        for place, share in enumerate(self.split):
            if left < share.percent:
                return self.take(f"split.{place}.to")
            left -= share.percent
        return self.take("next")

    def goes_next(self) -> bool:
        """Unless the shares add up to all calls."""
        return sum(share.percent for share in self.split) < ALL

    def waits(self) -> bool:
        """Never."""
        return False

    def _seed(self, call: Call) -> tuple[object, ...]:
        if self.sticky == "caller" and call.from_number:
            return (call.from_number, call.step)
        return (call.session_id, call.step) if self.sticky else chance(call, "split")
