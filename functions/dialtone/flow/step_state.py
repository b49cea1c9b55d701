"""What a step remembers while a call is in it. Stored with the call under `waiting`, by the names of its fields."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call


@dataclass(frozen=True)
class StepState:
    """Whole numbers, and whether something is so; stored as numbers, without those that are 0."""

    @classmethod
    def of(cls, call: Call) -> Self:
        """The state of the step that a call is in, as this kind of step understands it."""
        return cls.read(call.waiting)

    @classmethod
    def read(cls, stored: Mapping[str, int]) -> Self:
        """What was stored, in this or another version of the program."""
        default = cls()
        names = [each.name for each in fields(cls) if each.name in stored]
        return cls(**{name: type(getattr(default, name))(stored[name]) for name in names})

    def stored(self) -> dict[str, int]:
        """As every version of the program reads it."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: int(value) for name, value in values.items() if isinstance(value, int) and value}

    def without_digits(self) -> Self:
        """The state without digits that somebody has pressed."""
        return self


NO_STATE = StepState()
"""Of a step that remembers nothing, or is entered from another one."""


@dataclass(frozen=True)
class PromptState(StepState):
    """A step that plays prompts to their end."""

    prompts: int = 0
    """Speeches and files whose ends are still to come; 0 where the step is not waiting for any."""

    @property
    def several_prompts(self) -> bool:
        """Whether more than one is played or queued."""
        return self.prompts > 1

    def after_prompt(self) -> Self | None:
        """The state after the end of a prompt, None after that of the last one."""
        return replace(self, prompts=self.prompts - 1) if self.several_prompts else None
