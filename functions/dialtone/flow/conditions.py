"""Conditions on a call's variables: of cases, of routes, and of who may be dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from dialtone.domain.numbers import WITHHELD, is_withheld
from dialtone.flow.data_files import ANY_ENDING, InFile
from dialtone.flow.templating import CALLER, MAX_VALUE_CHARACTERS, filled, names_in
from dialtone.flow.values import comparable, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.flow.data_files import DataFile


def _listed(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    listed = written if isinstance(written, list) else [written]
    return [plain_text(each) for each in listed]


_ONE = {"type": ["string", "number"]}
Texts = Annotated[
    tuple[str, ...],
    Field(min_length=1),
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_ONE, {"type": "array", "items": _ONE, "minItems": 1}]}),
]
"""Texts of which one must be it; `+1555*` is everything that begins so, '' is nothing."""


def _comparable(written: str) -> str:
    if comparable(written) is None and not any(names_in(written)):
        raise ValueError(
            f'"{written}" is not a number, date, time of day or variable; write one such as 18, 2026-12-24, "18:00" or '
            "{digits.age}"
        )
    return written


_LIMIT = {"anyOf": [{"type": "number"}, {"type": "string"}]}
Limit = Annotated[
    str,
    Field(max_length=MAX_VALUE_CHARACTERS),
    BeforeValidator(plain_text),
    AfterValidator(_comparable),
    WithJsonSchema(_LIMIT),
]
"""A number, date or time of day to compare with, or a variable that holds one."""


def _two(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    if not isinstance(written, (list, tuple)) or len(written) != 2:  # noqa: PLR2004 -- the two ends
        raise ValueError("needs a list of two values; write the lower first, such as [18, 65]")
    return written


LIMITS = ("above", "at_least", "below", "at_most")


class Comparison(BaseModel):
    """What a variable is compared with; all of it must hold. What cannot be compared does not hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    above: Limit | None = Field(None, description="More or later than this.")
    at_least: Limit | None = Field(None, description="This, or more or later.")
    below: Limit | None = Field(None, description="Less or earlier than this.")
    at_most: Limit | None = Field(None, description="This, or less or earlier.")
    between: Annotated[tuple[Limit, Limit], BeforeValidator(_two)] | None = Field(
        None, description="From the first to the second, inclusive; times of day: without the second, or over midnight."
    )
    is_not: Texts | None = Field(None, alias="not", description="None of these texts, written as in a condition.")

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if not self.limits and self.is_not is None:
            raise ValueError("compares with nothing; write one of above, at_least, below, at_most, between and not")
        read = [each for text in self.limits if (each := comparable(text))]
        if len({each.kind for each in read}) > 1:
            raise ValueError(
                f"compares with a {' and a '.join(dict.fromkeys(each.kind for each in read))} at once; "
                "compare with values of one kind"
            )
        first, second = map(comparable, self.between or ("", ""))
        if self.between and first and second and first.kind != "time of day" and first.value > second.value:
            raise ValueError(
                f"between {self.between[0]} and {self.between[1]} is an empty range; write the lower first"
            )
        return self

    @property
    def limits(self) -> tuple[str, ...]:
        """Everything that it compares with, as written."""
        alone = tuple(limit for name in LIMITS if (limit := getattr(self, name)) is not None)
        return (*alone, *(self.between or ()))

    def holds(self, name: str, value: str, values: Mapping[str, str]) -> bool:
        """Whether a variable with this value satisfies it."""
        if self.is_not is not None and _is_one_of(name, value, self.is_not):
            return False
        if any(not _compares(each, value, filled(getattr(self, each), values)) for each in self._alone()):
            return False
        return self.between is None or _lies_between(value, *(filled(limit, values) for limit in self.between))

    def in_words(self, name: str) -> str:
        """The comparison in words, for people."""
        signs = {"above": ">", "at_least": "≥", "below": "<", "at_most": "≤"}
        parts = [f"{name} {signs[each]} {getattr(self, each)}" for each in self._alone()]
        if self.between:
            parts.append(f"{name} from {self.between[0]} to {self.between[1]}")
        if self.is_not is not None:
            parts.append(f"{name} is not {' or '.join(each or 'empty' for each in self.is_not)}")
        return ", ".join(parts)

    def _alone(self) -> Iterator[str]:
        return (name for name in LIMITS if getattr(self, name) is not None)


def _compares(how: str, value: str, limit: str) -> bool:
    one, other = comparable(value), comparable(limit)
    if one is None or other is None or one.kind != other.kind:
        return False
    if one.value == other.value:
        return how in {"at_least", "at_most"}
    return bool(one.value > other.value) == (how in {"above", "at_least"})


def _lies_between(value: str, first: str, second: str) -> bool:
    one, begin, end = comparable(value), comparable(first), comparable(second)
    if one is None or begin is None or end is None or {begin.kind, end.kind} != {one.kind}:
        return False
    if one.kind != "time of day":
        return bool(begin.value <= one.value <= end.value)
    if begin.value <= end.value:
        return bool(begin.value <= one.value < end.value)
    return bool(one.value >= begin.value or one.value < end.value)


def _form(written: object) -> str:
    if isinstance(written, InFile) or (isinstance(written, dict) and "in" in written):
        return "file"
    return "comparison" if isinstance(written, (dict, Comparison)) else "texts"


Condition = Annotated[
    Annotated[Texts, Tag("texts")] | Annotated[Comparison, Tag("comparison")] | Annotated[InFile, Tag("file")],
    Discriminator(_form),
]
"""Texts of which one must be it, what a number, date or time is compared with, or a data file to stand in."""

TextsOrFile = Annotated[
    Annotated[Texts, Tag("texts")] | Annotated[InFile, Tag("file")],
    Discriminator(lambda written: "file" if isinstance(written, (dict, InFile)) else "texts"),
]
"""The same without comparisons."""


def texts_of(condition: tuple[str, ...] | Comparison | InFile) -> tuple[str, ...]:
    """The texts that a condition compares with."""
    if isinstance(condition, InFile):
        return ()
    return (condition.is_not or ()) if isinstance(condition, Comparison) else condition


def holds(
    name: str, condition: tuple[str, ...] | Comparison | InFile, values: Mapping[str, str], data: Mapping[str, DataFile]
) -> bool:
    """Whether the call satisfies a condition on that name."""
    value = values.get(name, "")
    if isinstance(condition, InFile):
        listed = data[condition.file].listed(condition.column)
        return listed.holds(WITHHELD if name == CALLER and is_withheld(value) else value)
    if isinstance(condition, Comparison):
        return condition.holds(name, value, values)
    return _is_one_of(name, value, condition)


def _is_one_of(name: str, value: str, texts: tuple[str, ...]) -> bool:
    return caller_fits(value, texts) if name == CALLER else fits(value, texts)


def caller_fits(caller: str, texts: tuple[str, ...]) -> bool:
    """The same for the caller: all words and numbers for a withheld number are one condition."""
    return fits(caller, texts) or (is_withheld(caller) and any(map(is_withheld, texts)))


def fits(value: str, texts: tuple[str, ...]) -> bool:
    """Whether the value is one of the texts, or begins with one that ends in a star."""
    return any(value.startswith(text[:-1]) if text.endswith(ANY_ENDING) else value == text for text in texts)
