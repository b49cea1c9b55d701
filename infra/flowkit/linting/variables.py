"""What a call knows before each step: on every way there, and on some."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dialtone.domain.call_variables import ANSWERED_BY, GREETING
from dialtone.flow.consent import VARIABLE as CONSENT
from dialtone.flow.steps.answered_by import AnsweredBy
from dialtone.flow.steps.choose_language import ChooseLanguage
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.lookup import LookUp
from dialtone.flow.steps.record import Record
from dialtone.flow.steps.recording import RecordingSwitch
from dialtone.flow.steps.set_variables import SetVariables
from dialtone.flow.steps.transfer import Transfer
from dialtone.flow.templating import KNOWN_OF_EVERY_CALL, LANGUAGE, WAITED, names_in
from infra.flowkit.linting.ways import NEXT, ON_ERROR, falling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dialtone.flow.document import Document, Path
    from dialtone.flow.flow import Flow
    from dialtone.flow.steps.step import Step
    from infra.flowkit.linting.ways import Way, Ways

Names = frozenset[str]

CONFIRMED, ANNOUNCED = "confirm", "announce"
"""Within these a step fills in what it knows itself."""


AFTER = "after"
"""The way of a transfer on which nobody waits any longer."""


@dataclass(frozen=True, slots=True)
class Use:
    """A place where a variable is filled in."""

    path: Path
    name: str

    @property
    def step(self) -> str:
        """The step that it is in."""
        return str(self.path[1])

    @property
    def of_its_own(self) -> bool:
        """Whether it is the step itself that knows it: digits that are read back, the minutes of those on hold."""
        return CONFIRMED in self.path or (self.name == WAITED and ANNOUNCED in self.path)


class Variables:
    """Two questions of every step: which variables are surely set before it, and which may be."""

    def __init__(self, flow: Flow, ways: Ways, outside: Names) -> None:
        self.flow = flow
        self.ways = ways
        self.outside = outside

    @cached_property
    def surely(self) -> Mapping[str, Names]:
        """Set on every way to a step; what other flows set is taken on trust."""
        return self._before(_surely_set, frozenset.intersection)

    @cached_property
    def maybe(self) -> Mapping[str, Names]:
        """Set on some way to a step."""
        return self._before(_maybe_set, frozenset.union)

    def _before(self, sets: Callable[[Step, Way], Names], met: Callable[[Names, Names], Names]) -> Mapping[str, Names]:
        before: dict[str, Names] = {self.flow.start: KNOWN_OF_EVERY_CALL | self.outside | set(self.flow.given)}
        left = [self.flow.start]
        while left:
            step = self.flow.steps[left.pop()]
            for way in self.ways.from_step(step.name):
                after = before[step.name] | sets(step, way)
                known = before.get(way.target)
                merged = after if known is None else met(known, after)
                if way.target and merged != known:
                    before[way.target] = merged
                    left.append(way.target)
        return before


def may_set(step: Step) -> Names:
    """The variables that a step sets, whichever way the call leaves it."""
    names: Iterable[str] = ()
    match step:
        case SetVariables():
            names = step.set
        case Collect():
            names = (step.variable,)
        case ChooseLanguage():
            names = (LANGUAGE,)
        case LookUp():
            names = step.variables
        case Transfer():
            names = (WAITED,)
        case AnsweredBy():
            names = (ANSWERED_BY, GREETING)
        case Record() | RecordingSwitch():
            names = (CONSENT,) if step.consent else ()
    return frozenset(names)


def uses(document: Document) -> Iterator[Use]:
    """Every place of every step where a variable is filled in, in the order of the file."""
    for path, value in document.walk():
        if isinstance(value, str) and path[:1] == ("steps",) and path[-1] != "pattern":
            yield from (Use(path, name) for name in names_in(value))


def conditions(document: Document) -> Iterator[Use]:
    """Every variable that a `branch` asks for."""
    for path in document.places:
        if path[:1] == ("steps",) and path[-2:-1] == ("when",) and path[2:3] == ("branch",):
            yield Use(path, str(path[-1]))


def _maybe_set(step: Step, way: Way) -> Names:
    return frozenset() if way.where == ON_ERROR else may_set(step)


def _surely_set(step: Step, way: Way) -> Names:
    if isinstance(step, (Collect, ChooseLanguage)):
        return may_set(step) if way.where == NEXT and not falling(step) else frozenset()
    if isinstance(step, Transfer) and way.where == AFTER:
        return frozenset()
    return _maybe_set(step, way) - {GREETING}
