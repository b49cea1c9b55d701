"""How often a question is asked: counts the tries without a key and with an invalid one, until they are used up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, ClassVar, Self

from pydantic import Field, StrictInt, model_validator

from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_state import PromptState

MAX_TRIES = 10


class Failure(IntEnum):
    """How the last try failed. The numbers are stored with calls."""

    NONE, NO_INPUT, WRONG_INPUT = 0, 1, 2

    @classmethod
    def _missing_(cls, value: object) -> Failure:
        """A later version's value."""
        del value
        return cls.NONE


@dataclass(frozen=True)
class TriesState(PromptState):
    """The failed tries so far."""

    tried: int = 0
    no_input: int = 0
    wrong: int = 0
    last: Failure = Failure.NONE

    def counted(self, how: Failure) -> Self:
        """The state with another failed try."""
        no_input, wrong = self.no_input + (how is Failure.NO_INPUT), self.wrong + (how is Failure.WRONG_INPUT)
        return replace(self, tried=self.tried + 1, no_input=no_input, wrong=wrong, last=how)


class Tries(Shorthand):
    """How often a question is asked. In a flow: a number, or how many of either kind of failure end it."""

    short_form: ClassVar[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": MAX_TRIES}

    no_input: StrictInt = Field(3, ge=1, le=MAX_TRIES, description="Tries without any key.")
    wrong: StrictInt = Field(3, ge=1, le=MAX_TRIES, description="Tries with an invalid key.")
    in_all: StrictInt = Field(2 * MAX_TRIES, ge=1, le=2 * MAX_TRIES, description="Tries in all.")

    @model_validator(mode="before")
    @classmethod
    def _in_all(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        if type(written) is not int:
            return written
        if not 1 <= written <= MAX_TRIES:
            raise ValueError(f"is {written}; write a number from 1 to {MAX_TRIES}")
        return {"in_all": written, "no_input": written, "wrong": written}

    def used_up(self, state: TriesState) -> bool:
        """Whether the tries are used up."""
        return state.tried >= self.in_all or state.no_input >= self.no_input or state.wrong >= self.wrong
