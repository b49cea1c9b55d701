"""Which variables hold what callers choose, also by way of others: they could ring expensive numbers. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dialtone.domain.caller_trust import TRUST
from dialtone.flow.templating import CALLER, DIGITS, names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dialtone.domain.calls import Call

BOUNDED = re.compile(r"\+[1-9][0-9]{6,}\{.*|sips?:[^@]+@[^{}]+")
"""A number with its first seven digits fixed, so that it stays in one area; or a SIP address with a fixed host."""

ECHOED_DIGITS = 7
"""A number that ends in at least this many keyed digits counts as the caller's; fewer may be an extension."""


class SettingStep(Protocol):
    """A step, by what it says of the variables that it sets."""

    def comes_of(self) -> Iterable[tuple[str, str]]:
        """Each variable that it makes of a text, with that text."""

    def from_callers(self) -> Iterable[str]:
        """The variables that callers choose."""

    def looks_up(self) -> Iterable[str]:
        """The variables that another system answers with."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The origin of the variables of a flow and of all flows that it can lead to."""

    chosen: frozenset[str] = frozenset()
    """Variables that hold what callers key in or show as their number, also by way of others."""
    looked_up: frozenset[str] = frozenset()
    """Variables that hold another system's answer."""

    @classmethod
    def of(cls, steps: Iterable[SettingStep]) -> Sources:
        """The sources of all steps together. Variables whose step does not state a source count as the caller's."""
        listed = tuple(steps)
        made_of = [(name, text) for step in listed for name, text in step.comes_of() if not BOUNDED.fullmatch(text)]
        chosen = {name for step in listed for name in step.from_callers()}
        while found := {name for name, text in made_of if _names_chosen(text, chosen)} - chosen:
            chosen |= found
        return cls(frozenset(chosen), frozenset(name for step in listed for name in step.looks_up()))

    def is_callers(self, name: str) -> bool:
        """Whether callers choose the variable's value."""
        return is_chosen(name, self.chosen)


def is_chosen(name: str, chosen: Collection[str]) -> bool:
    """Whether callers choose a variable's value: by its name, or because it is listed in `chosen`."""
    return name == CALLER or name in TRUST or name.startswith(DIGITS) or name in chosen


def _names_chosen(text: str, chosen: Collection[str]) -> bool:
    return any(is_chosen(name, chosen) for name in names_in(text))


def echoes(call: Call, number: str) -> bool:
    """Whether a number from one of your systems is the one that the caller keyed in, or shows."""
    everywhere = (call.variables, *(scope.variables for scope in call.scopes))
    keyed = (value for variables in everywhere for name, value in variables.items() if name.startswith(DIGITS))
    return number == call.from_number or any(
        len(digits) >= ECHOED_DIGITS and digits.isdecimal() and number.endswith(digits) for digits in keyed
    )
