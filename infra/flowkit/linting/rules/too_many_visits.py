"""Flows that visit one another too deep."""

from collections.abc import Iterator, Mapping

from dialtone.flow.engine import MAX_VISITS
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule
from infra.flowkit.linting.rules.endless_loop import visits_unasked

_REMEDY = "come back with `come_back` instead of visiting again, or go there for good: `come_back: false`"


@rule("too-many-visits", WARNING)
def too_many_visits(file: FlowFile) -> Iterator[Found]:
    """Flows that call one another in a circle, or over eight deep: the ninth call takes the last resort."""
    others = {flow.name: flow.others for flow in file.folder.flows}
    visited = {flow.name: flow.visited for flow in file.folder.flows}
    unasked = set(visits_unasked(file))
    for name, step in file.steps.items():
        for other, _ in step.visits() if step.goes_next() and name not in unasked else ():
            if through := _back_to(file.flow.name, other, others):
                path = f", by way of {', '.join(through[1:])}" if len(through) > 1 else ""
                reason = (
                    f"visits {other}, which visits this flow again{path}; a caller who goes round is in the last resort"
                    f" after {MAX_VISITS} visits"
                )
                yield Found(file.path_to(name, "go"), reason, _REMEDY)
            elif (depth := _depth(other, visited)) > MAX_VISITS:
                reason = f"begins {depth} visits within one another; only {MAX_VISITS} are possible"
                yield Found(file.path_to(name, "go"), reason, "come back before the next visit")


def _back_to(flow: str, other: str, others: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The flows from the other one, by which a call is in this one again; () if it never is."""
    left: list[tuple[str, ...]] = [(other,)]
    seen = {other}
    for through in left:
        if through[-1] == flow or flow in others.get(through[-1], ()):
            return through
        further = sorted(others.get(through[-1], frozenset()) - seen)
        seen |= set(further)
        left += [(*through, each) for each in further]
    return ()


def _depth(flow: str, others: Mapping[str, frozenset[str]]) -> int:
    """How many visits deep a call is that goes there and on; 0 if it comes to a circle."""
    here, depth = {flow}, 1
    while depth <= len(others) and (further := {each for name in here for each in others.get(name, ())}):
        here, depth = further, depth + 1
    return depth if depth <= len(others) else 0
