"""Flows that expect to be given variables, reached without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.flowkit.linting.files import Kind
from infra.flowkit.linting.mentions import leads_to
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile


@rule("not-given", ERROR, Of.WRITTEN)
def not_given(file: FlowFile) -> Iterator[Found]:
    """A number or a visit that leads to a flow which expects to be given variables that are not there."""
    expecting = {flow.name: flow.given for flow in file.folder.flows if flow.given}
    if file.kind is Kind.NUMBERS:
        for path, name in leads_to(file.document):
            if name in expecting:
                reason = f"leads callers to {name}, which expects to be given {', '.join(expecting[name])}"
                yield Found(path, reason, "lead them elsewhere: only a call that we dial is given variables")
    elif file.kind is Kind.FLOW and file.readable:
        yield from _visits(file, {name: frozenset(given) for name, given in expecting.items()})


def _visits(file: FlowFile, expecting: dict[str, frozenset[str]]) -> Iterator[Found]:
    for name, step in file.steps.items():
        for other, _ in step.visits():
            missing = sorted(expecting.get(other, frozenset()) - file.variables.surely.get(name, frozenset()))
            if missing and name in file.variables.surely:
                reason = f"visits {other}, which expects {', '.join(missing)}"
                yield Found(
                    ("steps", name), reason, "set it before on every path, or let this flow be given it as well"
                )
