"""Finds a colleague by keys: by extension, or by spelling a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, StrictInt, field_validator, model_validator

from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.data_files import ColumnName, DataName, NamedData
from dialtone.flow.keys import Key, gathered_key, one_key
from dialtone.flow.prompted_input import PromptedInput, PromptedInputState
from dialtone.flow.prompts import Prompt
from dialtone.flow.spelling import spellings
from dialtone.flow.step_moves import Go, Move
from dialtone.flow.steps.find import own_name
from dialtone.flow.tries import Failure
from dialtone.flow.voice_settings import MAX_SPOKEN_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.data_files import DataFile
    from dialtone.flow.prompts import Sound
    from dialtone.flow.voice_settings import VoiceDefaults

MAX_KEYED = 20
"""For one answer: longer than any extension, and than any name that people spell."""

MAX_OFFERED = 9
"""One key each."""

ANEW = "*"
"""The key that leaves the offer, to spell again."""

KEY = "key"
"""A name for `offer` besides the columns: the key to press."""


@dataclass(frozen=True)
class DirectoryState(PromptedInputState):
    """The state of every question, and the keys that several rows match."""

    offering: int = 0
    """The keys, after a 1 that preserves leading zeros; 0 while there are none."""
    crowded: bool = False
    """Whether more rows matched the last try than can be offered."""

    @property
    def keyed(self) -> str:
        """The keys; '' while there are none."""
        return str(self.offering)[1:] if self.offering else ""


class Directory(PromptedInput):
    """Ask for an extension or a name, and find it in a data file; of several that fit, the caller chooses by key."""

    directory: Prompt = Field(description="The question.")
    data: DataName = Field(description="A data file: a file in the folder `data` beside the flow.")
    extension: ColumnName | None = Field(None, description="The column of extensions, which are keyed in whole.")
    spell: tuple[ColumnName, ...] = Field(
        (), max_length=5, description="The columns of names, of which the first letters are keyed in: 2 for A, B and C."
    )
    letters: StrictInt = Field(3, ge=1, le=MAX_KEYED, description="How many letters at least.")
    into: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]*$", description="The row's values are then known as {<into>.<column>}."),
    ]
    gives: tuple[ColumnName, ...] = Field(min_length=1, description="The columns to take from the row.")
    offer: Prompt = Field(
        description="Spoken for each of several matches: `For {<into>.name}, press {<into>.key}.` `*` spells again."
    )
    too_many: Prompt | None = Field(
        None, description=f"Said before the question where more than {MAX_OFFERED} fit; without it, as `wrong`."
    )
    ends_on: Key = Field("#", description="The key that ends an answer.")
    between_seconds: StrictInt = Field(
        3, ge=1, le=60, description="How long to wait for the next key; then the input ends."
    )

    @field_validator("into")
    @classmethod
    def _of_its_own(cls, into: str) -> str:
        return own_name(into)

    @model_validator(mode="after")
    def _findable(self) -> Self:
        if not self.extension and not self.spell:
            raise ValueError(
                "has no column to search; name the column of extensions under extension, and those of names under spell"
            )
        if KEY in self.gives:
            raise ValueError(f"{KEY} is the key that the offer names; rename the column")
        return self

    def state(self, call: Call) -> DirectoryState:
        """The call's state in this step."""
        return DirectoryState.of(call)

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ask, or offer the matching rows."""
        if offered := self._offered(call):
            return self.ask(call, voice_defaults, self.offer, one_key(offered))
        return self.ask(call, voice_defaults, self.directory, self.awaited_digits())

    def awaited_digits(self) -> dict[str, object]:
        """The parameters for an extension, or the beginning of a name."""
        return {
            "minimum_digits": 1,
            "maximum_digits": MAX_KEYED,
            "inter_digit_timeout_millis": self.between_seconds * MILLIS_PER_SECOND,
            "terminating_digit": self.ends_on,
        }

    def on(self, call: Call, event: Event) -> Move | None:
        """Take the row that was keyed in or chosen; else ask again."""
        keyed = gathered_key(event)
        if move := self.still_asking(call, event, keyed):
            return move
        if keyed is None:
            return None
        if offered := self._offered(call):
            return self._chosen(call, offered, keyed)
        return self._found(call, keyed) if keyed else self.ask_again(call, Failure.NO_INPUT)

    def _found(self, call: Call, keyed: str) -> Move:
        """Take the only matching row, offer a few, and ask again for none or too many."""
        found = self._rows(keyed)
        if len(found) == 1:
            return self.take("next", variables=self._given(found[0]))
        state = replace(self.state(call), crowded=len(found) > MAX_OFFERED)
        if found and not state.crowded:
            return Go(self.name, state=replace(state.asked_anew(), offering=int(f"1{keyed}"), last=Failure.NONE))
        failed = state.failed(Failure.WRONG_INPUT)
        return self.give_up(Failure.WRONG_INPUT) if self.tries.used_up(failed) else Go(self.name, state=failed)

    def give_up(self, how: Failure) -> Go:
        """Go on without a row; the values of a row from an earlier try are cleared."""
        return super().give_up(how)._replace(variables=dict.fromkeys(self.sets(), ""))

    def question(self, call: Call, voice_defaults: VoiceDefaults, prompt: Prompt) -> tuple[Sound, ...]:
        """The question with its reminder; or the offer, once for each row, with as few pauses as possible."""
        state = self.state(call)
        if state.crowded and self.too_many and state.last is Failure.WRONG_INPUT:
            return self.too_many.then(prompt).sounds(call, voice_defaults)
        offered = self._offered(call)
        if not offered:
            return super().question(call, voice_defaults, prompt)
        reminder = {Failure.NO_INPUT: self.no_input, Failure.WRONG_INPUT: self.wrong}.get(state.last)
        sounds = list(reminder.sounds(call, voice_defaults)) if reminder else []
        for key, row in offered.items():
            if row is not None:
                known = {**call.variables, **self._given(row), f"{self.into}.{KEY}": key}
                sounds += prompt.sounds(call._replace(variables=known), voice_defaults)
        return tuple(_joined(sounds))

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they match somebody."""
        offered = self._offered(call)
        return digits in offered if offered else bool(self._rows(digits))

    def sets(self) -> tuple[str, ...]:
        """The columns that it takes from the row."""
        return tuple(f"{self.into}.{column}" for column in self.gives)

    def from_callers(self) -> tuple[str, ...]:
        """None: callers choose among the team's rows."""
        return ()

    def data_files(self) -> Iterator[NamedData]:
        """The file, and the columns that it must have."""
        asked = (*((self.extension,) if self.extension else ()), *self.spell, *self.gives)
        yield NamedData(("data",), self.data, tuple(dict.fromkeys(asked)))

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The question, the offer, and the reminders."""
        yield "directory", self.directory
        yield "offer", self.offer
        if self.too_many:
            yield "too_many", self.too_many
        yield from super().prompts()

    def _chosen(self, call: Call, offered: Mapping[str, int | None], key: str) -> Move:
        if (row := offered.get(key)) is not None:
            return self.take("next", variables=self._given(row))
        state = replace(self.state(call), offering=0) if key == ANEW else self.state(call)
        how = Failure.WRONG_INPUT if key else Failure.NO_INPUT
        state = state.failed(how)
        if self.tries.used_up(state):
            return self.give_up(how)
        return Go(self.name, state=replace(state, last=Failure.NONE) if key == ANEW else state)

    def _offered(self, call: Call) -> dict[str, int | None]:
        """Key → row, for the rows on offer; the key to spell again has None."""
        keyed = self.state(call).keyed
        if not keyed:
            return {}
        found: dict[str, int | None] = {str(key): row for key, row in enumerate(self._rows(keyed), 1)}
        return {**found, ANEW: None} if len(found) <= MAX_OFFERED else {}

    def _rows(self, keyed: str) -> list[int]:
        """The rows with this extension or, if there are none, those with a name that begins so."""
        return rows_for(self._data[self.data], self.extension, self.spell, keyed, self.letters)

    def _given(self, row: int) -> dict[str, str]:
        cells = self._data[self.data].row(row)
        return {f"{self.into}.{column}": cells[column] for column in self.gives}


def rows_for(data: DataFile, extension: str | None, spell: tuple[str, ...], keyed: str, letters: int) -> list[int]:
    """The places of the rows with this extension or, if there are none, of those with a name spelled so."""
    if extension and (found := [place for place, cell in enumerate(data.values(extension)) if cell == keyed]):
        return found
    if len(keyed) < letters or not keyed.isdecimal():
        return []
    spelled = [data.made("spellings", column, spellings) for column in spell]
    return [
        place
        for place in range(len(data.rows))
        if any(each.startswith(keyed) for column in spelled for each in column[place])
    ]


def _joined(sounds: list[Sound]) -> Iterator[Sound]:
    """The sounds, with texts in one voice joined: each text by itself would cost a pause and an event."""
    before: Sound | None = None
    for sound in sounds:
        both = _one_speech(before, sound) if before else None
        if before and not both:
            yield before
        before = both or sound
    if before:
        yield before


def _one_speech(first: Sound, second: Sound) -> Sound | None:
    texts = [str(each.parameters.get("payload", "")) for each in (first, second)]
    voices = [{name: value for name, value in each.parameters.items() if name != "payload"} for each in (first, second)]
    text = " ".join(texts)
    alike = first.speaks and second.speaks and voices[0] == voices[1] and "payload_type" not in voices[0]
    if not alike or len(text) > MAX_SPOKEN_CHARACTERS:
        return None
    return first._replace(parameters={**first.parameters, "payload": text})
