"""How the steps of a flow lead to one another."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from dialtone.flow.flow import Flow
from dialtone.flow.step import ON_HANGUP, Edge


class StepGraph:
    """All edges of a flow that the engine can take."""

    def __init__(self, flow: Flow, entered: frozenset[str] = frozenset()) -> None:
        """`entered` are steps that other flows go to."""
        self.flow = flow
        self.entered = entered & flow.steps.keys()
        self._from = {name: tuple(step.edges(flow.last_resort)) for name, step in flow.steps.items()}

    @property
    def edges(self) -> Iterator[Edge]:
        """Every edge, in the order of the file."""
        return (edge for edges in self._from.values() for edge in edges)

    def edges_from(self, step: str) -> tuple[Edge, ...]:
        """The edges out of a step."""
        return self._from[step]

    @cached_property
    def reached(self) -> frozenset[str]:
        """Every step that a call can reach; the last resort from anywhere, at a limit, as the hang-up."""
        targets = _targets(self.edges)
        begins = set(filter(None, (self.flow.start, self.flow.last_resort, self.flow.on_hangup, *self.entered)))
        return frozenset(begins.union(*(_reach(name, targets) for name in begins)))

    @cached_property
    def after_hangup(self) -> frozenset[str]:
        """Every step that a call can reach once it has ended."""
        begins = {edge.target for edge in self.edges if edge.where.startswith(ON_HANGUP)} | {self.flow.on_hangup}
        begins.discard("")
        return frozenset(begins.union(*(_reach(name, self._without_last_resort) for name in begins)))

    def reach_from(self, step: str) -> set[str]:
        """Every step that can be reached from one, but by the flow's last resort."""
        return _reach(step, self._without_last_resort)

    @cached_property
    def _without_last_resort(self) -> dict[str, list[str]]:
        return _targets(edge for edge in self.edges if not edge.is_error or self.flow.steps[edge.source].on_error)

    def loops(self, taken: Callable[[Edge], bool]) -> Iterator[frozenset[str]]:
        """Steps that lead to one another in a circle, by such edges; each circle once, in the file's order."""
        targets = _targets(filter(taken, self.edges))
        try:
            TopologicalSorter(targets).prepare()
        except CycleError:
            yield from _circles(targets)


def _circles(targets: Mapping[str, list[str]]) -> Iterator[frozenset[str]]:
    reach = {name: _reach(name, targets) for name in targets}
    seen: set[str] = set()
    for name, reached in reach.items():
        if name in reached and name not in seen:
            circle = frozenset(each for each in reached if name in reach.get(each, ()))
            seen |= circle
            yield circle


def _reach(start: str, targets: Mapping[str, list[str]]) -> set[str]:
    """Every step that can be reached from a step; itself only if an edge leads back."""
    reached: set[str] = set()
    left = list(targets.get(start, ()))
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left.extend(targets.get(name, ()))
    return reached


def _targets(edges: Iterable[Edge]) -> dict[str, list[str]]:
    targets: dict[str, list[str]] = {}
    for edge in edges:
        if edge.target:
            targets.setdefault(edge.source, []).append(edge.target)
    return targets
