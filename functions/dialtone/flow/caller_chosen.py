"""Which variables hold what callers choose, however it is handed on: by these they could ring the world. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.caller_trust import TRUST
from dialtone.flow.templating import CALLER, DIGITS, names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dialtone.domain.calls import Call
    from dialtone.flow.steps.step import Step

BOUNDED = re.compile(r"\+[1-9][0-9]{6,}\{.*|sips?:[^@]+@[^{}]+")
"""A number whose first seven digits stand there, so that it stays in one place; a SIP address whose host does."""

ECHOED_DIGITS = 7
"""From so many on, keyed digits that end a number make it the caller's: an extension may well be a part of one."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the variables of a flow, and of those that a call can get into from it, come from."""

    chosen: frozenset[str] = frozenset()
    """Those that hold what callers key in or show, by way of others, too."""
    looked_up: frozenset[str] = frozenset()
    """Those that hold another system's answer."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Sources:
        """Those of all steps together. A step that does not say where its variables come from has them from callers."""
        listed = tuple(steps)
        made_of = [(name, text) for step in listed for name, text in step.comes_of() if not BOUNDED.fullmatch(text)]
        chosen = {name for step in listed for name in step.from_callers()}
        while found := {name for name, text in made_of if _names_chosen(text, chosen)} - chosen:
            chosen |= found
        return cls(frozenset(chosen), frozenset(name for step in listed for name in step.looks_up()))

    def is_callers(self, name: str) -> bool:
        """Whether callers choose what a variable holds."""
        return is_chosen(name, self.chosen)


def is_chosen(name: str, chosen: Collection[str]) -> bool:
    """Whether a variable holds what callers choose: by its name, or because it is one of these."""
    return name == CALLER or name in TRUST or name.startswith(DIGITS) or name in chosen


def _names_chosen(text: str, chosen: Collection[str]) -> bool:
    return any(is_chosen(name, chosen) for name in names_in(text))


def echoes(call: Call, number: str) -> bool:
    """Whether a number that a system of yours gave is the one that the caller keyed in, or shows."""
    everywhere = (call.variables, *(scope.variables for scope in call.scopes))
    keyed = (value for variables in everywhere for name, value in variables.items() if name.startswith(DIGITS))
    return number == call.from_number or any(
        len(digits) >= ECHOED_DIGITS and digits.isdecimal() and number.endswith(digits) for digits in keyed
    )
