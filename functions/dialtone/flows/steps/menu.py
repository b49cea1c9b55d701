"""A choice by key; the caller need not wait for the prompt's end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dialtone.flows.keys import NO_KEY, Keys, gathered_key, terminator_beside
from dialtone.flows.moves import Go, Move, Wait
from dialtone.flows.prompts import Prompt
from dialtone.flows.steps.asking import NO_INPUT, WRONG_INPUT, Asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.calls import Call
    from dialtone.events import Event
    from dialtone.flows.flow import Manner

MILLIS = 1_000


class Menu(Asking):
    """Say the choices and go where the key leads."""

    menu: Prompt
    keys: Keys = Field(min_length=1)

    def enter(self, call: Call, manner: Manner) -> Move:
        """One try at Telnyx: the patience and the reminders are ours."""
        gather = self.question(call, self.menu).gathered(
            call,
            manner,
            minimum_digits=1,
            maximum_digits=1,
            maximum_tries=1,
            timeout_millis=self.wait_seconds * MILLIS,
            **terminator_beside(self.keys),
        )
        return Wait((gather,), call.waiting)

    def on(self, call: Call, event: Event) -> Move | None:
        """Follow the key; ask again after none or a wrong one."""
        key = gathered_key(event)
        if key is None:
            return self.unplayable(call, event)
        if key in self.keys:
            return Go(self.keys[key])
        return self.ask_again(call, NO_INPUT if key == NO_KEY else WRONG_INPUT)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Its keys' steps beside the usual ones."""
        yield from super().targets()
        yield from ((f"keys.{key}", step) for key, step in self.keys.items())
