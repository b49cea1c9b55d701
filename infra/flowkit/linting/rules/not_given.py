"""Flows that expect to be given variables, reached without them."""

from collections.abc import Iterator

from dialtone.flow.steps.go_and_come_back import GoTo
from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import leads_to
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("not-given", ERROR, Of.WRITTEN)
def not_given(file: FlowFile) -> Iterator[Found]:
    """A number or a step that leads to a flow without the inputs that it declares under `given`, or with others."""
    expecting = {flow.name: flow.given for flow in file.folder.flows if flow.given}
    if file.kind is Kind.NUMBERS:
        for path, name in leads_to(file.document):
            if name in expecting:
                reason = f"leads callers to {name}, which expects to be given {', '.join(expecting[name])}"
                yield Found(path, reason, "lead them elsewhere: only a call that we dial is given variables")
    elif file.kind is Kind.FLOW and file.readable:
        yield from _visits(file, {name: frozenset(given) for name, given in expecting.items()})
        yield from _not_declared(file)


def _visits(file: FlowFile, expecting: dict[str, frozenset[str]]) -> Iterator[Found]:
    for name, step in file.steps.items():
        for other, _ in step.visits():
            own = step.go if isinstance(step, GoTo) and not step.go.shares_variables else None
            given = frozenset(own.given or ()) if own else file.variables.surely.get(name, frozenset())
            missing = sorted(expecting.get(other, frozenset()) - given)
            if missing and name in file.variables.surely:
                reason = f"visits {other}, which expects {', '.join(missing)}"
                remedy = "set it before on every path, or let this flow be given it as well"
                yield Found(("steps", name), reason, "write it under `given` beside the flow" if own else remedy)


def _not_declared(file: FlowFile) -> Iterator[Found]:
    flows = {flow.name: flow for flow in file.folder.flows}
    for name, step in file.steps.items():
        if not isinstance(step, GoTo) or step.go.flow not in flows:
            continue
        declared = flows[step.go.flow].given
        for each in step.go.given or ():
            if each not in declared:
                reason = f"gives {each} to {step.go.flow}, which does not declare it"
                remedy = near(each, declared, f"declare it under `given` in {step.go.flow}.yaml, or leave it out")
                yield Found(("steps", name, "go", "given", each), reason, remedy)
