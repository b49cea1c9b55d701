"""Looks up a row of a data file: the office that was called, the colleague with an extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, field_validator, model_validator

from dialtone.flow.data_files import ColumnName, DataName, NamedData
from dialtone.flow.step import ON_ERROR, Step
from dialtone.flow.templating import (
    DIGITS,
    KNOWN_OF_EVERY_CALL,
    LANGUAGE,
    MAX_VALUE_CHARACTERS,
    filled,
    known,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults

NOT_FOUND = "not_found"

Into = Annotated[
    str,
    Field(
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="The row's values are then known as {<into>.<column>}.",
    ),
]
"""The prefix, before the dot, of the variables taken from a row."""


def own_name(into: str) -> str:
    """The name, if a row's variables may have this prefix. Raises ValueError."""
    if f"{into}." == DIGITS or into in KNOWN_OF_EVERY_CALL | {LANGUAGE}:
        raise ValueError(f"{into} cannot be set by a data file; choose another name")
    return into


class Find(Step):
    """Take the first row of a data file that has these values; nothing is waited for."""

    can_fail: ClassVar[bool] = False
    paths: ClassVar[tuple[str, ...]] = (NOT_FOUND,)

    find: DataName = Field(description="A data file: a file in the folder `data` beside the flow.")
    where: dict[ColumnName, Annotated[str, Field(min_length=1, max_length=MAX_VALUE_CHARACTERS)]] = Field(
        min_length=1, description="Column → the value to find; variables are filled in."
    )
    into: Into = ""
    gives: tuple[ColumnName, ...] = Field((), description="The columns to take from the row.")
    not_found: str = Field(description="The step if no row has these values, or one of them is empty.")

    @field_validator("into")
    @classmethod
    def _of_its_own(cls, into: str) -> str:
        return own_name(into)

    @model_validator(mode="after")
    def _named(self) -> Find:
        if bool(self.into) != bool(self.gives):
            raise ValueError(
                "into and gives need each other; write both: {<into>.<column>} for each column that is taken"
            )
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Nothing to wait for. Values of an earlier row are cleared."""
        del voice_defaults
        values = known(call)
        row = self._data[self.find].found({column: filled(text, values) for column, text in self.where.items()})
        if row is None:
            return self.take(NOT_FOUND, variables=dict.fromkeys(self.sets(), ""))
        return self.take("next", variables={f"{self.into}.{column}": row[column] for column in self.gives})

    def waits(self) -> bool:
        """Never."""
        return False

    def sets(self) -> tuple[str, ...]:
        """The columns that it takes from the row."""
        return tuple(f"{self.into}.{column}" for column in self.gives)

    def from_callers(self) -> tuple[str, ...]:
        """None: the rows are the team's."""
        return ()

    def surely_sets(self, where: str) -> tuple[str, ...]:
        """Those columns, if a row was found."""
        return () if where in {NOT_FOUND, ON_ERROR} else self.sets()

    def data_files(self) -> Iterator[NamedData]:
        """The file, and the columns that it must have."""
        yield NamedData(("find",), self.find, tuple(dict.fromkeys((*self.where, *self.gives))))
