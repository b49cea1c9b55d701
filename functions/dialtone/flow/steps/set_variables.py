"""Something is noted about the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, field_validator

from dialtone.flow.steps.step import Step
from dialtone.flow.templating import (
    DIGITS,
    KNOWN_OF_EVERY_CALL,
    MAX_VALUE_CHARACTERS,
    WAITED,
    WAITING_SINCE,
    filled,
    known,
)
from dialtone.flow.variable_names import VariableName

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.flow.moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class SetVariables(Step):
    """Set variables, `outcome` among them, and go on at once."""

    can_fail: ClassVar[bool] = False

    set: dict[VariableName, Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS)]] = Field(
        min_length=1, description="Variable → value; `{caller}` and the like are filled in."
    )

    @field_validator("set")
    @classmethod
    def _of_its_own(cls, values: dict[str, str]) -> dict[str, str]:
        for name in values:
            if name in KNOWN_OF_EVERY_CALL | {WAITED, WAITING_SINCE} or name.startswith(DIGITS):
                raise ValueError(f"{name} is not the flow's to set")
        return values

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for. All are filled in with what was known before."""
        del voice_defaults
        values = known(call)
        return self.take(
            "next",
            variables={name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in self.set.items()},
        )

    def waits(self) -> bool:
        """Never."""
        return False

    def sets(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.set)
