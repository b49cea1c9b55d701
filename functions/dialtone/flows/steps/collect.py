"""Digits keyed in: an account, a card, a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dialtone.commands import Command, command
from dialtone.events import mask
from dialtone.flows.keys import NO_KEY, gathered_key
from dialtone.flows.moves import Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.asking import NO_INPUT, WRONG_INPUT, Asking

if TYPE_CHECKING:
    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

MILLIS = 1_000

PAUSED = "paused"
"""Counted while waiting where it was this step that paused the recording: what the flow had paused before stays so."""


class Digits(BaseModel):
    """How many. In a flow: a number, or a mapping with `min` and `max`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: int = Field(1, ge=1, le=128)
    max: int = Field(128, ge=1, le=128)

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"min": written, "max": written} if type(written) is int else written

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min is {self.min}, more than max, {self.max}")
        return self


class Collect(Asking):
    """Ask for digits and remember them; sensitive ones are recorded nowhere."""

    collect: Prompt
    into: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """The variable that holds them afterwards; of sensitive digits it holds asterisks."""
    digits: Digits = Field(default_factory=Digits)
    ends_on: str = Field("#", pattern=r"^[0-9*#]$")
    between_seconds: int = Field(5, ge=1, le=60)
    """How long to wait for the next digit."""
    sensitive: bool = False
    """Pause a running recording meanwhile, and keep the digits out of the timeline, logs and state."""

    def enter(self, call: Call, manner: Manner) -> Move:
        """A running recording is paused before the question, so that not even an early digit is heard on it."""
        gather = self.question(call, self.collect).gathered(
            call,
            manner,
            minimum_digits=self.digits.min,
            maximum_digits=self.digits.max,
            maximum_tries=1,
            timeout_millis=self.wait_seconds * MILLIS,
            inter_digit_timeout_millis=self.between_seconds * MILLIS,
            terminating_digit=self.ends_on,
        )
        if not (self.sensitive and call.recorder == "on"):
            return Wait((gather,), call.waiting)
        return Wait((command("record_pause", call.control_id), gather), {**call.waiting, PAUSED: 1})

    def on(self, call: Call, event: Event) -> Move | None:
        """Remember what was keyed in, or ask again."""
        keyed = gathered_key(event)
        if keyed is None:
            return self.unplayable(call, event)
        if self.digits.min <= len(keyed) <= self.digits.max and keyed.isdigit():
            variables = {self.into: mask(keyed) if self.sensitive else keyed}
            return Go(self.next, self._resumed(call), variables)
        return self.ask_again(call, NO_INPUT if keyed == NO_KEY else WRONG_INPUT, self._resumed(call))

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """The gather would go on listening, and the recording stay paused."""
        return (*super().abandoned(call), *self._resumed(call))

    def _resumed(self, call: Call) -> tuple[Command, ...]:
        paused = call.waiting.get(PAUSED) and call.recorder == "paused"
        return (command("record_resume", call.control_id),) if paused else ()
