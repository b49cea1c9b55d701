"""Offers a choice by key, or by words; the caller need not wait for the prompt's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from dialtone.flow.keys import SomeKeys, Spoken, meaning_one, one_key
from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.prompts import Prompt
from dialtone.flow.tries import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event
    from dialtone.flow.step_moves import Go, Move
    from dialtone.flow.voice_settings import VoiceDefaults


class Menu(PromptedInput):
    """Say the choices and go where the key leads."""

    paths: ClassVar[tuple[str, ...]] = (*PromptedInput.paths, "keys")

    menu: Prompt = Field(description="The choices.")
    keys: SomeKeys = Field(description='Key → step; several keys for one step as "1, 9".')
    say_or_press: Spoken = Field(
        default_factory=dict,
        description="Key → the words, one phrase or several, that callers may say instead.",
    )

    @model_validator(mode="after")
    def _each_word_means_one_key(self) -> Menu:
        for key in self.say_or_press:
            if key not in self.keys:
                raise ValueError(
                    f"say_or_press has words for {key}, which is not in keys; add it to keys, or remove it"
                )
        meaning_one(self.say_or_press)
        return self

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ask, and listen for one key, or for words."""
        if self.say_or_press:
            from dialtone.flow.say_or_press import ask, one_of  # noqa: PLC0415 -- few menus listen to words

            return ask(self, call, voice_defaults, self.menu, one_of(self.say_or_press))
        return self.ask(call, voice_defaults, self.menu, self.awaited_digits())

    def awaited_digits(self) -> dict[str, object]:
        """One key."""
        return one_key(self.keys)

    def on(self, call: Call, event: Event) -> Move | None:
        """Follow the key, or its words; ask again after none or an invalid one."""
        if self.say_or_press:
            from dialtone.flow.say_or_press import answer  # noqa: PLC0415 -- as above

            if said := answer(self, call, event, self.say_or_press):
                return self._follow_answer(call, said.key, said.commands)
        return self.follow_key(call, event, self.keys, lambda key: self.take(f"keys.{key}"))

    def abandoned(self, call: Call) -> tuple[Command, ...]:
        """Stop the gather."""
        if self.say_or_press and not self.state(call).speaking:
            from dialtone.flow.say_or_press import stop_listening  # noqa: PLC0415 -- as above

            return stop_listening(call)
        return super().abandoned(call)

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys

    def goes_next(self) -> bool:
        """Only without an answer."""
        return bool(self.falls_through())

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The choices, and the reminders."""
        yield "menu", self.menu
        yield from super().prompts()

    def _follow_answer(self, call: Call, key: str | None, commands: tuple[Command, ...]) -> Go:
        if key in self.keys:
            return self.take(f"keys.{key}", commands=commands)
        again = self.ask_again(call, Failure.NO_INPUT if key is None else Failure.WRONG_INPUT)
        return again._replace(commands=commands)
