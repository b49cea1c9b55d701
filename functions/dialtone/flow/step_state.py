"""A step's state while a call is in it. It is stored with the call under `waiting`, by field names."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call


@dataclass(frozen=True)
class StepState:
    """Whole numbers and flags, stored as numbers; zeros are left out."""

    @classmethod
    def of(cls, call: Call) -> Self:
        """The state of the call's current step, as this kind of step understands it."""
        return cls.read(call.waiting)

    @classmethod
    def read(cls, stored: Mapping[str, int]) -> Self:
        """The stored state, written by this or another version of the program."""
        default = cls()
        names = [each.name for each in fields(cls) if each.name in stored]
        return cls(**{name: type(getattr(default, name))(stored[name]) for name in names})

    def stored(self) -> dict[str, int]:
        """The state as every version of the program can read it."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: int(value) for name, value in values.items() if isinstance(value, int) and value}

    def without_digits(self) -> Self:
        """The state without digits that somebody pressed."""
        return self


NO_STATE = StepState()
"""The state of a step that stores nothing, or that is entered from another step."""


@dataclass(frozen=True)
class PromptState(StepState):
    """The state of a step that plays prompts to their end."""

    prompts: int = 0
    """How many prompts have not ended; 0 if the step waits for none."""

    @property
    def several_prompts(self) -> bool:
        """Whether more than one prompt is playing or queued."""
        return self.prompts > 1

    def after_prompt(self) -> Self | None:
        """The state after a prompt has ended; None after the last one."""
        return replace(self, prompts=self.prompts - 1) if self.several_prompts else None
