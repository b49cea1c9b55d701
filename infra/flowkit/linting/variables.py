"""What a call knows before each step: on every path to it, and on some."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dialtone.domain.caller_trust import TRUST
from dialtone.flow.document import Document, Path
from dialtone.flow.flow import Flow
from dialtone.flow.step import ON_HANGUP, Edge, Step
from dialtone.flow.steps.queue import AVERAGE, AVERAGE_MINUTES, POSITION
from dialtone.flow.templating import KNOWN_AFTER_HANGUP, KNOWN_OF_EVERY_CALL, WAITED, names_in
from infra.flowkit.linting.step_graph import StepGraph

Names = frozenset[str]

_ANNOUNCED_NAMES = frozenset({WAITED, POSITION, AVERAGE, AVERAGE_MINUTES})

CONFIRMED, ANNOUNCED, OFFERED = "confirm", "announce", "offer"
"""Within these a step fills in what it knows itself."""


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
    def compares(self) -> bool:
        """Whether a `branch` compares with it, which may ask for the clock, too."""
        return self.path[2:3] == ("branch",)

    @property
    def of_its_own(self) -> bool:
        """Whether it is the step itself that knows it: digits that are read back, the minutes of those on hold."""
        if self.path[2:3] == (OFFERED,):
            return True
        return CONFIRMED in self.path or (self.name in _ANNOUNCED_NAMES and ANNOUNCED in self.path)


class Variables:
    """Two questions of every step: which variables are surely set before it, and which may be."""

    def __init__(self, flow: Flow, graph: StepGraph, outside: Names) -> None:
        self.flow = flow
        self.graph = graph
        self.outside = outside

    @cached_property
    def surely(self) -> Mapping[str, Names]:
        """Set on every path to a step; what other flows set is taken on trust."""
        return self._before(lambda step, edge: step.surely_sets(edge.where), frozenset.intersection)

    @cached_property
    def maybe(self) -> Mapping[str, Names]:
        """Set on some path to a step."""
        return self._before(lambda step, edge: () if edge.is_error else step.sets(), frozenset.union)

    def _before(
        self, sets: Callable[[Step, Edge], Iterable[str]], met: Callable[[Names, Names], Names]
    ) -> Mapping[str, Names]:
        begin = KNOWN_OF_EVERY_CALL.union(TRUST, self.outside, self.flow.given)
        before: dict[str, Names] = {self.flow.start: begin}
        if self.flow.on_hangup:  # it may end in any step
            anywhere = (name for step in self.flow.steps.values() for name in step.sets())
            before[self.flow.on_hangup] = met(begin, begin.union(anywhere)) | KNOWN_AFTER_HANGUP
        within = StepGraph(self.flow).reached
        # What leads to these steps from within the flow says more than that other flows go there.
        before |= dict.fromkeys(self.graph.entered - within, begin)
        left = [*before]
        while left:
            step = self.flow.steps[left.pop()]
            for edge in self.graph.edges_from(step.name):
                after = before[step.name].union(sets(step, edge))
                if edge.where.startswith(ON_HANGUP):
                    after |= KNOWN_AFTER_HANGUP
                known = before.get(edge.target)
                merged = after if known is None else met(known, after)
                if edge.target and merged != known:
                    before[edge.target] = merged
                    left.append(edge.target)
        return before


def uses(document: Document) -> Iterator[Use]:
    """Every place of every step where a variable is filled in, in the order of the file."""
    for path, value in document.walk():
        if isinstance(value, str) and path[:1] == ("steps",) and path[-1] != "pattern":
            yield from (Use(path, name) for name in names_in(value))


def conditions(document: Document) -> Iterator[Use]:
    """Every variable that a `branch` asks for."""
    for path in document.places:
        if path[:1] == ("steps",) and path[2:3] == ("branch",) and path[4:-1] == ("when",):
            yield Use(path, str(path[-1]))
