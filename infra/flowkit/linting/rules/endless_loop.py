"""Circles that a caller who does nothing goes round for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.flowkit.linting.rule import ERROR, Found, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.flow.steps.step import Edge
    from infra.flowkit.linting.files import FlowFile


@rule("endless-loop", ERROR)
def endless_loop(file: FlowFile) -> Iterator[Found]:
    """Steps that lead round in a circle without a caller's choice or a limit."""
    limited = "limits" in (file.document.content or {})
    instant: set[frozenset[str]] = set()
    for circle in file.graph.loops(lambda edge: not edge.chosen and not file.steps[edge.source].waits()):
        instant.add(circle)
        remedy = "let it wait for the caller, or lead out"
        yield _told(file, circle, "goes round without anything that takes time", remedy)
    if limited:
        return
    for circle in file.graph.loops(_unasked):
        if not any(circle >= told for told in instant):
            remedy = "lead out where the caller is silent, or give the flow `limits`"
            yield _told(file, circle, "goes round for as long as the caller is silent", remedy)


def _unasked(edge: Edge) -> bool:
    """Error paths count: after a few of them the engine ends the call."""
    return not edge.chosen and not edge.is_error


def _told(file: FlowFile, circle: frozenset[str], reason: str, remedy: str) -> Found:
    names = [name for name in file.steps if name in circle]
    through = f" (through {', '.join(names[1:])})" if len(names) > 1 else ""
    return Found(("steps", names[0]), f"{reason}{through}", remedy)
