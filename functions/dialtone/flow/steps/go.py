"""Another step, or another flow and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from dialtone.flow.moves import Go, Move, SubFlowCall
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.steps.step import NEXT, JustTrue, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.voice_settings import VoiceDefaults

FLOW_NAME = r"^[a-z0-9][a-z0-9-]{0,99}$"
"""A longer one would be too long for a file's name on some systems."""


class Destination(Shorthand):
    """Where to go. In a flow: a step's name, or a mapping with another flow's."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "minLength": 1}

    step: str = Field("", description="A step of this flow, or of the other; without it, the other's first.")
    flow: str = Field("", pattern=r"^$|" + FLOW_NAME, description="Another flow; at its end the call comes back.")

    @model_validator(mode="before")
    @classmethod
    def _to_step(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"step": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _somewhere(self) -> Destination:
        if not self.step and not self.flow:
            raise ValueError("needs a step, or a flow")
        return self


class GoTo(Step):
    """Go to a step; or to another flow, whose end leads back to the step after this one."""

    can_fail: ClassVar[bool] = False

    go: Destination = Field(description="A step's name, or `{flow: …, step: …}`.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for."""
        del call, voice_defaults
        if self.go.flow:
            return SubFlowCall(self.go.flow, self.go.step, self.next)
        return self.take("go")

    def goes_next(self) -> bool:
        """Only when the call comes back from another flow."""
        return bool(self.go.flow)

    def is_choice(self, where: str) -> bool:
        """What a caller does in another flow is that flow's: coming back from it counts as a choice."""
        return where == NEXT

    def waits(self) -> bool:
        """Only for another flow's end."""
        return bool(self.go.flow)

    def needs_caller(self) -> bool:
        """The other flow's steps may, this one does not."""
        return False

    def targets(self) -> Iterator[tuple[str, str]]:
        """The step, where it is one of this flow."""
        if self.go.flow:
            yield from super().targets()
        else:
            yield "go", self.go.step
            yield from self._hangup_targets()

    def visits(self) -> Iterator[tuple[str, str]]:
        """The other flow."""
        if self.go.flow:
            yield self.go.flow, self.go.step


class Return(Step):
    """End this flow: back to the one that visits it; where none does, hang up."""

    final: ClassVar[bool] = True

    come_back: JustTrue = True

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The same as coming to the flow's end."""
        del call, voice_defaults
        return Go("")

    def waits(self) -> bool:
        """Never."""
        return False
