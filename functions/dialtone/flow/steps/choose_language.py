"""Lets the caller choose a language by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.flow.keys import Key, one_key
from dialtone.flow.prompted_input import PromptedInput
from dialtone.flow.prompts import Prompt
from dialtone.flow.templating import LANGUAGE
from dialtone.flow.voice_settings import LanguageCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.step_moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class ChooseLanguage(PromptedInput):
    """Offer languages; the prompts that follow are heard in the one that was chosen."""

    choose_language: Prompt = Field(description="The offer: a list, each part in the language that it offers.")
    keys: dict[Key, LanguageCode] = Field(min_length=1, description="Key → language.")

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ask, and listen for one key."""
        return self.ask(call, voice_defaults, self.choose_language, self.awaited_digits())

    def awaited_digits(self) -> dict[str, object]:
        """One key."""
        return one_key(self.keys)

    def on(self, call: Call, event: Event) -> Move | None:
        """Store the language; without a choice it stays as it is."""
        return self.follow_key(
            call, event, self.keys, lambda key: self.take("next", variables={LANGUAGE: self.keys[key]})
        )

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether they are one of its keys."""
        del call
        return digits in self.keys

    def sets(self) -> tuple[str, ...]:
        """The language."""
        return (LANGUAGE,)

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The offer, and the reminders."""
        yield "choose_language", self.choose_language
        yield from super().prompts()
