"""Collects digits, keyed in or spoken: an account, a card, a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from dialtone.domain.commands import Command, command
from dialtone.domain.events import mask
from dialtone.domain.units import MILLIS_PER_SECOND
from dialtone.flow.digit_checks import Check, passes
from dialtone.flow.digit_patterns import MAX_DIGITS, MOST_ATTEMPTS, attempts
from dialtone.flow.keys import Key, Spoken, SpokenDigits, gathered_key, meaning_one, one_key
from dialtone.flow.prompted_input import PromptedInput, PromptedInputState
from dialtone.flow.prompts import Prompt
from dialtone.flow.shorthand import Shorthand
from dialtone.flow.step_moves import Go, Move, Wait
from dialtone.flow.templating import DIGITS, MAX_VALUE_CHARACTERS, filled, known, names_in
from dialtone.flow.tries import Failure
from dialtone.flow.values import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.voice_settings import VoiceDefaults


@dataclass(frozen=True)
class CollectState(PromptedInputState):
    """The state of every question, and of what this step does besides asking."""

    paused: bool = False
    """Whether this step paused the recording; if the flow had paused it before, it stays paused."""
    confirming: bool = False
    """Whether the digits are read back."""
    keyed: Mapping[str, int] = field(default_factory=dict)
    """Keys pressed while words are listened for, by their times: they come one by one, in any order. Stored under these
    times, as their places in KEYS."""

    @classmethod
    def read(cls, stored: Mapping[str, int]) -> Self:
        """Names that begin with a digit are times; no field's name does, in any version."""
        return replace(super().read(stored), keyed={name: key for name, key in stored.items() if name[0].isdigit()})

    def stored(self) -> dict[str, int]:
        """The state, with keys under their times."""
        return {**super().stored(), **self.keyed}

    def asked_anew(self) -> CollectState:
        """Without the keys, too."""
        return replace(super().asked_anew(), keyed={})


class Digits(Shorthand):
    """How many. In a flow: a number, or a mapping with `min` and `max`."""

    short_form: ClassVar[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": MAX_DIGITS}

    min: StrictInt = Field(1, ge=1, le=MAX_DIGITS, description="At least so many.")
    max: StrictInt = Field(MAX_DIGITS, ge=1, le=MAX_DIGITS, description="At most so many.")

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
        return {"min": written, "max": written} if type(written) is int else written

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min is {self.min}, more than max, {self.max}; write the smaller one as min")
        return self


class Confirm(BaseModel):
    """The digits read back, and the keys that confirm them or start again."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    say: Prompt = Field(description="The read-back; it names the digits as {digits.<into>}.")
    accept: Key = Field("1", description="The key that accepts them.")
    redo: Key = Field("2", description="The key to start again.")
    say_or_press: Spoken = Field(
        default_factory=dict,
        description="Either key → the words, one phrase or several, that callers may say instead.",
    )

    @model_validator(mode="after")
    def _two_keys(self) -> Self:
        if self.accept == self.redo:
            raise ValueError(f"accept and redo are both {self.accept}; give each a key of its own")
        for key in self.say_or_press:
            if key not in {self.accept, self.redo}:
                raise ValueError(f"say_or_press has words for {key}, which is neither accept nor redo; remove it")
        meaning_one(self.say_or_press)
        return self


MAX_LISTED = 200
"""Valid answers listed in a flow; if there are more, use a lookup."""

_LISTED = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
OneOf = Annotated[
    tuple[Annotated[str, Field(max_length=MAX_VALUE_CHARACTERS), BeforeValidator(plain_text)], ...],
    Field(max_length=MAX_LISTED),
    WithJsonSchema({"type": "array", "items": _LISTED, "minItems": 1, "maxItems": MAX_LISTED}),
]


class Collect(PromptedInput):
    """Ask for digits and remember them; sensitive ones are recorded nowhere."""

    collect: Prompt = Field(description="The question.")
    into: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="The variable digits.<into> holds them afterwards; for sensitive digits, asterisks.",
    )
    digits: Digits = Field(default_factory=Digits, description="How many.")
    pattern: str = Field("", max_length=200, description="A regular expression that the digits as a whole must match.")
    check: Check | None = Field(
        None, description="`luhn`: the last digit is a check digit. Or the format of a date or time that must exist."
    )
    one_of: OneOf = Field((), description="The valid answers; variables are filled in.")
    between: tuple[StrictInt, StrictInt] | None = Field(
        None, description="As a number, from the first to the second, inclusive."
    )
    ends_on: Key = Field("#", description="The key that ends them before the longest length.")
    between_seconds: StrictInt = Field(5, ge=1, le=60, description="How long to wait for the next digit.")
    say_or_press: SpokenDigits = Field(
        None,
        description="true: callers may say them, too. Or digits → words, one phrase or several, that stand for them.",
    )
    confirm: Confirm | None = Field(None, description="Read them back, for the caller to accept.")
    sensitive: StrictBool = Field(
        default=False,
        description="Pause a running recording meanwhile, and keep the digits out of timeline, logs and state.",
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error.msg}; correct it") from None
        if attempts(pattern) > MOST_ATTEMPTS:
            raise ValueError("may take longer than a call; repeat neither a choice nor another repetition")
        return pattern

    @model_validator(mode="after")
    def _not_read_back(self) -> Self:
        if self.sensitive and self.confirm:
            raise ValueError("sensitive digits are not kept, so they cannot be confirmed; remove confirm")
        if self.sensitive and self.say_or_press is not None:
            raise ValueError(
                "with say_or_press Telnyx's assistant would hear and keep sensitive digits; remove say_or_press"
            )
        return self

    @model_validator(mode="after")
    def _answerable(self) -> Self:
        if self.between and self.between[0] > self.between[1]:
            raise ValueError(
                f"between {self.between[0]} and {self.between[1]} is an empty range; write the lower first"
            )
        for text in self.one_of:
            if not any(names_in(text)) and not (self._has_form(text) and self._is_checked(text)):
                raise ValueError(
                    f"one_of has {text}, which digits, pattern, check and between do not all allow; remove it"
                )
        for digits in self.say_or_press or ():
            if not (self._has_form(digits) and self._is_checked(digits)):
                raise ValueError(
                    f"say_or_press has words for {digits}, which digits, pattern, check and between do not all "
                    "allow; remove it"
                )
        meaning_one(self.say_or_press or {})
        return self

    @property
    def variable(self) -> str:
        """The variable that holds the digits."""
        return DIGITS + self.into

    def state(self, call: Call) -> CollectState:
        """The call's state in this step."""
        return CollectState.of(call)

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Pause a running recording before the question, so that even an early digit is not recorded."""
        if self._listens(call):
            return self._listen_for_words(call, voice_defaults)
        if self.confirm and self.state(call).confirming:
            return self.ask(call, voice_defaults, self.confirm.say, one_key((self.confirm.accept, self.confirm.redo)))
        digits = self.awaited_digits()
        if not (self.sensitive and call.recorder == "on"):
            return self.ask(call, voice_defaults, self.collect, digits)
        pausing = call._replace(waiting=replace(self.state(call), paused=True).stored())
        asked = self.ask(pausing, voice_defaults, self.collect, digits)
        return asked._replace(commands=(command("record_pause", call.control_id), *asked.commands))

    def awaited_digits(self) -> dict[str, object]:
        """As many as it asks for."""
        return {
            "minimum_digits": self.digits.min,
            "maximum_digits": self.digits.max,
            "inter_digit_timeout_millis": self.between_seconds * MILLIS_PER_SECOND,
            "terminating_digit": self.ends_on,
        }

    def on(self, call: Call, event: Event) -> Move | None:
        """Store what was keyed in or said, or ask again."""
        if self._listens(call) and (move := self._heard(call, event)):
            return move
        keyed = gathered_key(event)
        if move := self.still_asking(call, event, keyed):
            return move
        if keyed is None:
            return None
        if self.confirm and self.state(call).confirming:
            return self._confirmed(call, self.confirm, keyed or None)
        return self._answered(call, keyed)

    def _answered(self, call: Call, keyed: str) -> Go:
        """Accept digits if they are valid; else ask again."""
        if not self._fits(call, keyed):
            return self._unfit(call, Failure.WRONG_INPUT if keyed else Failure.NO_INPUT)
        variables = {self.variable: mask(keyed) if self.sensitive else keyed}
        if self.confirm:
            confirming = replace(self.state(call).asked_anew(), confirming=True)
            return Go(self.name, self._resumed(call), variables, confirming)
        return self.take("next", commands=self._resumed(call), variables=variables)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether it accepts them and they are not sensitive; when read back, whether they are one of its keys."""
        if self.confirm and self.state(call).confirming:
            return digits in {self.confirm.accept, self.confirm.redo}
        return not self.sensitive and self._fits(call, digits)

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather, and resume the recording."""
        if self._listens(call) and not self.state(call).speaking and not self.state(call).keyed:
            from dialtone.flow.say_or_press import stop_listening  # noqa: PLC0415 -- as above

            return stop_listening(call)
        return (*super().abandoned(call), *self._resumed(call))

    def sets(self) -> tuple[str, ...]:
        """The variable that holds the digits."""
        return (self.variable,)

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The question, the reminders, and what is read back."""
        yield "collect", self.collect
        yield from super().prompts()
        if self.confirm:
            yield "confirm.say", self.confirm.say

    def _fits(self, call: Call, keyed: str) -> bool:
        return self._has_form(keyed) and self._is_checked(keyed) and self._is_listed(call, keyed)

    def _is_checked(self, keyed: str) -> bool:
        if self.between and not self.between[0] <= int(keyed) <= self.between[1]:
            return False
        return self.check is None or passes(self.check, keyed)

    def _is_listed(self, call: Call, keyed: str) -> bool:
        values = known(call) if self.one_of else {}
        return not self.one_of or keyed in {filled(text, values) for text in self.one_of}

    def _has_form(self, keyed: str) -> bool:
        as_many = self.digits.min <= len(keyed) <= self.digits.max and keyed.isascii() and keyed.isdigit()
        return as_many and (not self.pattern or re.fullmatch(self.pattern, keyed) is not None)

    def _unfit(self, call: Call, how: Failure) -> Go:
        state = self.state(call).failed(how)
        if self.tries.used_up(state):
            return self.give_up(how)._replace(commands=self._resumed(call))
        return Go(self.name, state=state)

    def _confirmed(self, call: Call, confirm: Confirm, key: str | None) -> Go:
        """Go on if the caller confirms the digits; None stands for no answer."""
        if key == confirm.accept:
            return self.take("next")
        how = Failure.NO_INPUT if key is None else Failure.WRONG_INPUT
        state = self.state(call).failed(how)
        if self.tries.used_up(state):
            return self.give_up(how)._replace(variables={self.variable: ""})
        if key == confirm.redo:
            state = replace(state, confirming=False, last=Failure.NONE)
        return Go(self.name, state=state)

    def _listen_for_words(self, call: Call, voice_defaults: VoiceDefaults) -> Wait:
        """One try, or the digits read back."""
        from dialtone.flow import said_digits, say_or_press  # noqa: PLC0415 -- few questions listen for words

        if self.confirm and self.state(call).confirming:
            keys = say_or_press.one_of(self.confirm.say_or_press)
            return say_or_press.ask(self, call, voice_defaults, self.confirm.say, keys)
        values = known(call) if self.one_of else {}
        listed = tuple(dict.fromkeys(filled(text, values) for text in self.one_of))
        wanted = said_digits.wanted(self.digits.min, self.digits.max, self.say_or_press or {}, listed)
        return say_or_press.ask(self, call, voice_defaults, self.collect, wanted)

    def _heard(self, call: Call, event: Event) -> Move | None:
        """The move for words and single keys; None for any other event."""
        from dialtone.flow import said_digits, say_or_press  # noqa: PLC0415 -- as above

        state = self.state(call)
        if self.confirm and state.confirming:
            said = say_or_press.answer(self, call, event, self.confirm.say_or_press)
            return _after(said.commands, self._confirmed(call, self.confirm, said.key)) if said else None
        if state.speaking or event.about_callee:
            return None
        keyed = said_digits.Keyed(state.keyed, self.digits.max, self.ends_on, self.between_seconds)
        heard = said_digits.heard(call, event, keyed)
        if heard is None:
            return None
        if heard.not_digits:
            return self.ask_again(call, Failure.WRONG_INPUT)
        if heard.digits is None:
            return Wait(heard.commands, replace(state, keyed=heard.keys))
        return _after(heard.commands, self._answered(call, heard.digits))

    def _listens(self, call: Call) -> bool:
        """Whether it listens for words in the current question."""
        confirming = self.confirm and self.state(call).confirming
        return bool(self.confirm and self.confirm.say_or_press) if confirming else self.say_or_press is not None

    def _resumed(self, call: Call) -> tuple[Command, ...]:
        paused = self.state(call).paused and call.recorder == "paused"
        return (command("record_resume", call.control_id),) if paused else ()


def _after(commands: tuple[Command, ...], move: Go) -> Go:
    return move._replace(commands=(*commands, *move.commands))
