"""Sets variables of the call, to texts or to calculated values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StrictInt,
    Tag,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from dialtone.flow.step import Edge, Step
from dialtone.flow.step_moves import Fail
from dialtone.flow.templating import (
    DIGITS,
    KNOWN_OF_EVERY_CALL,
    MAX_VALUE_CHARACTERS,
    WAITED,
    WAITING_SINCE,
    filled,
    known,
    names_in,
)
from dialtone.flow.values import (
    MAX_DECIMALS,
    NotComputable,
    Operation,
    chance,
    drawn,
    number,
    plain_text,
    reckoned,
)
from dialtone.flow.variable_names import VariableName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_NUMBERS = 10
"""For one sum or product."""

MAX_DRAWN = 1_000_000_000
"""For a random number, in either direction."""

OPERATIONS: tuple[Operation, ...] = ("add", "subtract", "multiply", "divide")

_SIGNS: Mapping[str, str] = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷"}  # noqa: RUF001 -- as printed


def _is_numeric(written: str) -> str:
    if number(written) is None and not any(names_in(written)):
        raise ValueError(
            f'"{written}" is neither a number of at most 15 digits and 6 decimals nor a variable in braces; write one'
        )
    return written


def _listed(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    return [plain_text(each) for each in (written if isinstance(written, list) else [written])]


_ONE = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_SEVERAL = {"type": "array", "items": _ONE, "minItems": 2, "maxItems": MAX_NUMBERS}
Numbers = Annotated[
    tuple[Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS), AfterValidator(_is_numeric)], ...],
    Field(min_length=1, max_length=MAX_NUMBERS),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [*_ONE["anyOf"], _SEVERAL]}),
]
"""A number to calculate with the variable itself, or several to calculate with each other; `{name}` is a variable."""


class Computed(BaseModel):
    """A variable's new value, reckoned or drawn: exactly one of `add`, `subtract`, `multiply`, `divide`, `random`."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    add: Numbers | None = Field(None, description="Added to the variable (empty counts as 0), or the sum of a list.")
    subtract: Numbers | None = Field(None, description="Subtracted from the variable, or from the first of a list.")
    multiply: Numbers | None = Field(None, description="The variable is multiplied by it, or the product of a list.")
    divide: Numbers | None = Field(None, description="The variable is divided by it, or the first of a list.")
    random: tuple[StrictInt, StrictInt] | None = Field(
        None, description="A random whole number, from the first to the second. Not a secret: it follows from the call."
    )
    decimals: Annotated[StrictInt, Field(ge=0, le=MAX_DECIMALS)] | None = Field(
        None, description="Decimals, rounded half up; by default six, without trailing zeros."
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        written = [name for name in (*OPERATIONS, "random") if getattr(self, name) is not None]
        if len(written) != 1:
            raise ValueError("needs exactly one of add, subtract, multiply, divide and random; write one of them")
        if self.random is not None:
            return self._drawable(*self.random)
        divisors = self.divide and (self.divide[1:] if len(self.divide) > 1 else self.divide)
        if any(number(each) == 0 for each in divisors or ()):
            raise ValueError("divides by 0; divide by another number")
        return self

    def _drawable(self, low: int, high: int) -> Self:
        if not -MAX_DRAWN <= low <= high <= MAX_DRAWN:
            raise ValueError(f"random is from {low} to {high}; write the lower first, within {MAX_DRAWN:,}")
        if self.decimals is not None:
            raise ValueError("random gives whole numbers; leave decimals out")
        return self

    @property
    def operation(self) -> Operation | None:
        """Which calculation it is; None for a random value."""
        return next((name for name in OPERATIONS if getattr(self, name) is not None), None)

    @property
    def texts(self) -> tuple[str, ...]:
        """The numbers of the calculation, as written."""
        return getattr(self, self.operation) if self.operation else ()

    def value(self, call: Call, name: str, values: Mapping[str, str]) -> str:
        """The new value of the variable of this name. Raises NotComputable."""
        if self.operation is None:
            return str(drawn(*(self.random or (0, 0)), *chance(call, name)))
        numbers = [_read(text, filled(text, values)) for text in self.texts]
        if len(numbers) == 1:
            numbers.insert(0, _read(name, values.get(name) or "0"))
        return reckoned(self.operation, numbers, self.decimals)

    def in_words(self, name: str) -> str:
        """The calculation in words, for people."""
        if self.operation is None:
            return "random from {} to {}".format(*self.random or (0, 0))
        reckoned_with = (name, *self.texts) if len(self.texts) == 1 else self.texts
        rounded = "" if self.decimals is None else f", {self.decimals} decimals"
        return f" {_SIGNS[self.operation]} ".join(reckoned_with) + rounded


def _read(written: str, value: str) -> Decimal:
    read = number(value)
    if read is None:
        raise NotComputable(f"{written} is {'not a number' if value else 'empty'}")
    return read


_TEXT = {"anyOf": [{"type": "string", "maxLength": MAX_VALUE_CHARACTERS}, {"type": "number"}]}
Value = Annotated[
    Annotated[
        Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS), BeforeValidator(plain_text), WithJsonSchema(_TEXT)],
        Tag("text"),
    ]
    | Annotated[Computed, Tag("computed")],
    Discriminator(lambda written: "computed" if isinstance(written, (dict, Computed)) else "text"),
]


class SetVariables(Step):
    """Set variables, `outcome` among them, and go on at once."""

    set: dict[VariableName, Value] = Field(
        min_length=1,
        description="Variable → value; `{caller}` and the like are filled in. Or calculated: `tries: {add: 1}`.",
    )

    @field_validator("set")
    @classmethod
    def _of_its_own(cls, values: dict[str, str | Computed]) -> dict[str, str | Computed]:
        for name in values:
            if name in KNOWN_OF_EVERY_CALL | {WAITED, WAITING_SINCE} or name.startswith(DIGITS):
                raise ValueError(f"{name} cannot be set by the flow; choose another name")
        return values

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for. All values are filled in with the variables of before."""
        del voice_defaults
        values = known(call)
        try:
            variables = {name: _valued(call, name, value, values) for name, value in self.set.items()}
        except NotComputable as error:
            return Fail(f"cannot be reckoned: {error}")
        return self.take("next", variables=variables)

    def edges(self, last_resort: str = "") -> Iterator[Edge]:
        """Its error path only if a calculation may involve something that is not a number."""
        reckons = any(isinstance(value, Computed) and not value.random for value in self.set.values())
        return (edge for edge in super().edges(last_resort) if reckons or not edge.is_error)

    def waits(self) -> bool:
        """Never."""
        return False

    def sets(self) -> tuple[str, ...]:
        """All variables that it sets."""
        return tuple(self.set)

    def from_callers(self) -> tuple[str, ...]:
        """None by itself: it depends on the variables in its values."""
        return ()

    def comes_of(self) -> Iterator[tuple[str, str]]:
        """Each variable, with every text in its value."""
        for name, value in self.set.items():
            yield from ((name, text) for text in (value.texts if isinstance(value, Computed) else (value,)))


def _valued(call: Call, name: str, value: str | Computed, values: Mapping[str, str]) -> str:
    if isinstance(value, Computed):
        return value.value(call, name, values)
    return filled(value, values)[:MAX_VALUE_CHARACTERS]
