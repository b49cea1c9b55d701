"""Circles that a caller who does nothing goes round for ever."""

from collections.abc import Iterator, Mapping

from dialtone.flow.flow import Flow
from dialtone.flow.step import Edge
from dialtone.flow.steps.transfer import Transfer
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("endless-loop", ERROR)
def endless_loop(file: FlowFile) -> Iterator[Found]:
    """Steps that lead round in a circle without a caller's choice or a limit."""
    limited = "limits" in (file.document.content or {})
    instant: set[frozenset[str]] = set()
    for circle in file.graph.loops(lambda edge: not edge.chosen and _takes_no_time(file, edge)):
        instant.add(circle)
        if any(isinstance(file.steps[name], Transfer) for name in circle):
            remedy = "speak a text before it rings again, or lead out"
            yield _loop(file, circle, "rings again at once, twice a second for as long as it is busy", remedy)
        else:
            remedy = "let it wait for the caller, or lead out"
            yield _loop(file, circle, "goes round without anything that takes time", remedy)
    yield from _endless_visits(file)
    if limited:
        return
    for circle in file.graph.loops(_unasked):
        if not any(circle >= longer for longer in instant):
            remedy = "lead out where the caller is silent, or give the flow `limits`"
            yield _loop(file, circle, "goes round for as long as the caller is silent", remedy)


_AT_ONCE = frozenset({"busy", "failed"})
"""How a transfer may end in less than a second."""


def _takes_no_time(file: FlowFile, edge: Edge) -> bool:
    step = file.steps[edge.source]
    return not step.waits() or (isinstance(step, Transfer) and edge.where in _AT_ONCE)


def _endless_visits(file: FlowFile) -> Iterator[Found]:
    for name in visits_unasked(file):
        reason = "visits flows that lead back here without a caller's choice"
        yield Found(file.path_to(name, "go"), reason, "let one of them ask, or come back")


def visits_unasked(file: FlowFile) -> Iterator[str]:
    """Steps that visit another flow and are come to again from there, though the caller does nothing."""
    flows = {flow.name: flow for flow in file.folder.flows}
    for name, step in file.steps.items():
        here = (file.flow.name, name)
        if any(True for _ in step.visits()) and here in _unasked_from(here, flows):
            yield name


def _unasked_from(here: tuple[str, str], flows: Mapping[str, Flow]) -> set[tuple[str, str]]:
    """Every step, with its flow, that a visit leads to while the caller does nothing."""
    reached: set[tuple[str, str]] = set()
    left = [here]
    while left:
        flow, name = left.pop()
        step = flows[flow].steps.get(name)
        visited = (
            [(other, start or flows[other].start) for other, start in step.visits() if other in flows] if step else []
        )
        beside = [(flow, edge.target) for edge in step.edges() if _unasked(edge) and edge.target] if step else []
        # A visit is not passed by: what comes after it waits for its end.
        further = [each for each in (visited or beside) if each not in reached]
        reached |= set(further)
        left += further
    return reached


def _unasked(edge: Edge) -> bool:
    """Error paths count: after a few of them the engine ends the call."""
    return not edge.chosen and not edge.is_error


def _loop(file: FlowFile, circle: frozenset[str], reason: str, remedy: str) -> Found:
    names = [name for name in file.steps if name in circle]
    through = f" (through {', '.join(names[1:])})" if len(names) > 1 else ""
    return Found(("steps", names[0]), f"{reason}{through}", remedy)
