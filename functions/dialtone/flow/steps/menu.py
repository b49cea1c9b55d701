"""A choice by key; the caller need not wait for the prompt's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from dialtone.flow.keys import SomeKeys, one_key
from dialtone.flow.prompts import Prompt
from dialtone.flow.steps.prompted_input import PromptedInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.moves import Move
    from dialtone.flow.voice_settings import VoiceDefaults


class Menu(PromptedInput):
    """Say the choices and go where the key leads."""

    paths: ClassVar[tuple[str, ...]] = (*PromptedInput.paths, "keys")

    menu: Prompt = Field(description="The choices.")
    keys: SomeKeys = Field(description='Key → step; several keys for one step as "1, 9".')

    def enter(self, call: Call, voice_defaults: VoiceDefaults) -> Move:
        """Ask, and listen for one key."""
        return self.ask(call, voice_defaults, self.menu, self.awaited_digits())

    def awaited_digits(self) -> dict[str, object]:
        """One key."""
        return one_key(self.keys)

    def on(self, call: Call, event: Event) -> Move | None:
        """Follow the key; ask again after none or a wrong one."""
        return self.follow_key(call, event, self.keys, lambda key: self.take(f"keys.{key}"))

    def answered_by_digits(self, call: Call, digits: str) -> bool:
        """Whether it is one of its keys."""
        del call
        return digits in self.keys

    def goes_next(self) -> bool:
        """Only without an answer."""
        return bool(self.falls_through())

    def prompts(self) -> Iterator[tuple[str, Prompt]]:
        """The choices, and the reminders."""
        yield "menu", self.menu
        yield from super().prompts()
