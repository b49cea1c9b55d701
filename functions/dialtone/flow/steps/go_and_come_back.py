"""Goes to another step, or to another flow and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema, field_validator, model_validator

from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step import NEXT, Edge, JustTrue, Step
from dialtone.flow.step_moves import Go, Move, SubFlowCall
from dialtone.flow.templating import DIGITS, KNOWN_OF_EVERY_CALL, LANGUAGE, MAX_VALUE_CHARACTERS, filled, known
from dialtone.flow.values import plain_text
from dialtone.flow.variable_names import VariableName, is_givable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.voice_settings import VoiceDefaults

FLOW_NAME = r"^[a-z0-9][a-z0-9-]{0,99}$"
"""A longer name would be too long for a file on some systems."""


MAX_INPUTS = 20
"""For a flow's inputs, and for its outputs."""

InputText = Annotated[
    str,
    Field(max_length=MAX_VALUE_CHARACTERS),
    BeforeValidator(plain_text),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": MAX_VALUE_CHARACTERS}, {"type": "number"}]}),
]
"""A variable's value; variables of the calling flow are filled in."""


class Destination(Shorthand):
    """Where to go. In a flow: a step's name, or a mapping with another flow's."""

    short_form: ClassVar[dict[str, Any]] = {"type": "string", "minLength": 1}

    step: str = Field("", description="A step of this flow, or of the other; without it, the other's first.")
    flow: str = Field("", pattern=r"^$|" + FLOW_NAME, description="Another flow; at its end the call returns.")
    come_back: StrictBool = Field(default=True, description="false: for good; the other flow replaces this one.")
    given: Annotated[dict[VariableName, InputText], Field(max_length=MAX_INPUTS)] | None = Field(
        None, description="The other flow's inputs → texts. The other flow then has no other variables of this one."
    )
    into: str = Field(
        "", pattern=r"^([a-z][a-z0-9_]*)?$", description="Its outputs are then known as {<into>.<variable>}."
    )
    gives: Annotated[tuple[VariableName, ...], Field(max_length=MAX_INPUTS)] = Field(
        (), description="The other flow's outputs: the variables that are kept when it returns."
    )

    @model_validator(mode="before")
    @classmethod
    def _to_step(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"step": written} if isinstance(written, str) else written

    @model_validator(mode="after")
    def _somewhere(self) -> Destination:
        if not self.step and not self.flow:
            raise ValueError("needs a step or a flow; name one")
        if not self.flow and self.model_fields_set - {"step", "flow"}:
            raise ValueError("come_back, given, into and gives need another flow; name a flow, or remove them")
        if bool(self.into) != bool(self.gives):
            raise ValueError("into and gives need each other; write both: {<into>.<variable>} for each that it gives")
        if self.gives and not self.come_back:
            raise ValueError("gives needs a flow that comes back; add come_back, or remove gives")
        for name in self.given or ():
            if not is_givable(name):
                raise ValueError(f"{name} cannot be an input, because calls set it themselves; remove it")
        return self

    @field_validator("into")
    @classmethod
    def _of_its_own(cls, into: str) -> str:
        if f"{into}." == DIGITS or into in KNOWN_OF_EVERY_CALL | {LANGUAGE}:
            raise ValueError(f"{into} cannot be set by the flow; choose another name")
        return into

    @property
    def shares_variables(self) -> bool:
        """Whether the two flows share their variables."""
        return self.given is None and not self.gives


class GoTo(Step):
    """Go to a step; or to another flow, whose end leads back to the step after this one."""

    go: Destination = Field(description="A step's name, or `{flow: …}` for another flow.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for."""
        del voice_defaults
        if not self.go.flow:
            return self.take("go")
        return SubFlowCall(
            flow=self.go.flow,
            step=self.go.step,
            back=self.next,
            comes_back=self.go.come_back,
            given=None if self.go.shares_variables else self._given(call),
            into=self.go.into,
            gives=self.go.gives,
        )

    def _given(self, call: Call) -> dict[str, str]:
        values = known(call)
        return {name: filled(text, values)[:MAX_VALUE_CHARACTERS] for name, text in (self.go.given or {}).items()}

    def edges(self, last_resort: str = "") -> Iterator[Edge]:
        """The error path exists only if the other flow may lack inputs."""
        return (edge for edge in super().edges(last_resort) if self.go.given or not edge.is_error)

    def goes_next(self) -> bool:
        """Only when the call returns from another flow."""
        return bool(self.go.flow) and self.go.come_back

    def sets(self) -> tuple[str, ...]:
        """The other flow's outputs."""
        return tuple(f"{self.go.into}.{name}" for name in self.go.gives)

    def comes_of(self) -> Iterator[tuple[str, str]]:
        """The other flow's inputs, and its outputs."""
        yield from (self.go.given or {}).items()
        yield from ((f"{self.go.into}.{name}", f"{{{name}}}") for name in self.go.gives)

    def from_callers(self) -> tuple[str, ...]:
        """None by itself: the other flow's steps state the sources of its outputs."""
        return ()

    def is_choice(self, where: str) -> bool:
        """What a caller does in the other flow belongs to that flow; returning from it counts as a choice."""
        return where == NEXT

    def waits(self) -> bool:
        """Only for the other flow's end."""
        return bool(self.go.flow)

    def needs_caller(self) -> bool:
        """False: the other flow's steps may need one, but this one does not."""
        return False

    def targets(self) -> Iterator[tuple[str, str]]:
        """The step, if it is in this flow."""
        if self.go.flow:
            yield from (each for each in super().targets() if self.go.come_back or each[0] != NEXT)
        else:
            yield "go", self.go.step
            yield from self._hangup_targets()

    def visits(self) -> Iterator[tuple[str, str]]:
        """The other flow."""
        if self.go.flow:
            yield self.go.flow, self.go.step

    def shares_with(self) -> Iterator[str]:
        """The other flow, unless it has variables of its own."""
        if self.go.shares_variables:
            yield from super().shares_with()


class Return(Step):
    """End this flow: back to the one that visits it; where none does, hang up."""

    final: ClassVar[bool] = True

    come_back: JustTrue = True

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """The same as reaching the flow's end."""
        del call, voice_defaults
        return Go("")

    def waits(self) -> bool:
        """Never."""
        return False
