"""How the steps of a flow lead to one another, as the engine goes: ways that are taken, ways that need a caller."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from dialtone.flow.steps.answered_by import AnsweredBy
from dialtone.flow.steps.branch import Branch
from dialtone.flow.steps.choose_language import ChooseLanguage
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.go import GoTo
from dialtone.flow.steps.hours import Hours
from dialtone.flow.steps.menu import Menu
from dialtone.flow.steps.play import INFINITY, Play
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.send_digits import SendDigits
from dialtone.flow.steps.set_variables import SetVariables
from dialtone.flow.steps.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dialtone.flow.flow import Flow
    from dialtone.flow.steps.prompted_input import PromptedInput
    from dialtone.flow.steps.step import Step

ON_ERROR = "on_error"
NEXT = "next"
END = ""
"""Where a way leads that ends the call."""

REPEAT = "times"
"""Where a step leads to itself, as audio does that is played without end until a key is pressed."""


@dataclass(frozen=True, slots=True)
class Way:
    """From one step to another."""

    source: str
    where: str
    """The key that it stands under: `next`, `keys.1`, `on_error`, …"""
    target: str
    chosen: bool
    """Whether only a caller who does something goes this way."""

    @property
    def is_error(self) -> bool:
        """Whether it is gone only where something cannot be done."""
        return self.where == ON_ERROR


class Ways:
    """All ways of a flow that the engine can take."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.all = tuple(way for step in flow.steps.values() for way in _from(step, flow))

    @cached_property
    def reached(self) -> frozenset[str]:
        """Every step that a call can come to; to the last resort it can from anywhere, at a limit."""
        targets = _targets(self.all)
        begins = {self.flow.start, self.flow.last_resort} - {END}
        return frozenset(begins.union(*(_reach(name, targets) for name in begins)))

    def from_step(self, name: str) -> list[Way]:
        """The ways on from a step."""
        return [way for way in self.all if way.source == name]

    def instant(self, name: str) -> bool:
        """Whether a step is left as soon as it is entered."""
        return _instant(self.flow.steps[name])

    def loops(self, taken: Callable[[Way], bool]) -> Iterator[frozenset[str]]:
        """Steps that lead to one another in a circle, going only such ways; each circle once, in the file's order."""
        targets = _targets([way for way in self.all if taken(way)])
        try:
            TopologicalSorter(targets).prepare()
        except CycleError:
            yield from _circles(targets)


def _circles(targets: Mapping[str, list[str]]) -> Iterator[frozenset[str]]:
    reach = {name: _reach(name, targets) for name in targets}
    told: set[str] = set()
    for name, reached in reach.items():
        if name in reached and name not in told:
            circle = frozenset(each for each in reached if name in reach.get(each, ()))
            told |= circle
            yield circle


def _reach(start: str, targets: Mapping[str, list[str]]) -> set[str]:
    """Every step that can be come to from a step; itself only if a way leads back."""
    reached: set[str] = set()
    left = list(targets.get(start, ()))
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left.extend(targets.get(name, ()))
    return reached


def _targets(ways: tuple[Way, ...] | list[Way]) -> dict[str, list[str]]:
    targets: dict[str, list[str]] = {}
    for way in ways:
        if way.target != END:
            targets.setdefault(way.source, []).append(way.target)
    return targets


def _from(step: Step, flow: Flow) -> Iterator[Way]:
    named = {NEXT: step.next, ON_ERROR: step.on_error or flow.last_resort} | dict(step.targets())
    for where, target in named.items():
        if _taken(step, where) and (target or where != ON_ERROR):
            yield Way(step.name, where, target, chosen=_chosen(step, where))
    if _without_end(step):
        yield Way(step.name, REPEAT, step.name, chosen=False)


def _without_end(step: Step) -> bool:
    return isinstance(step, Play) and step.times == INFINITY and not step.background


def _instant(step: Step) -> bool:
    match step:
        case Branch() | Hours() | SetVariables() | SendDigits():
            return True
        case GoTo():
            return not step.go.flow
        case RecordingSwitch():
            return step.consent is None
        case Play():
            return step.background or step.play is None
        case _:
            return False


def _taken(step: Step, where: str) -> bool:
    """Whether the engine ever goes that way."""
    if step.final:
        return False
    if where == ON_ERROR:
        return not isinstance(step, (AnsweredBy, SetVariables, Hours, GoTo))
    return where != NEXT or _goes_next(step)


def _goes_next(step: Step) -> bool:
    """Whether `next` is left to a step whose answers have ways of their own."""
    match step:
        case Menu():
            return bool(falling(step))
        case Hours():
            return not step.open
        case Branch():
            return not step.otherwise
        case GoTo():
            return bool(step.go.flow)
        case AnsweredBy() | Transfer():
            return False
        case _:
            return True


def falling(step: PromptedInput) -> tuple[str, ...]:
    """The failures, of `no_input` and `wrong`, after which a question goes to `next` for want of a way of its own."""
    if step.otherwise:
        return ()
    return tuple(how for how in ("no_input", "wrong") if not getattr(step, f"otherwise_{how}"))


def _chosen(step: Step, where: str) -> bool:
    """A key and good digits are a choice; silence is none, and may be a line that somebody left open.

    What a caller does in another flow is that flow's: a visit to one counts as a choice.
    """
    if where == NEXT and (_without_end(step) or (isinstance(step, GoTo) and step.go.flow)):
        return True
    if isinstance(step, (Collect, ChooseLanguage)) and where == NEXT:
        return not falling(step)
    return where.startswith("keys.")
