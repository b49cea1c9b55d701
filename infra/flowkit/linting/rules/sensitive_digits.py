"""Digits that nobody but the caller may learn."""

from collections.abc import Iterator

from dialtone.flow.step import NEXT
from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.lookup import LookUp
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.variables import conditions, uses

LEAVE_OUT = "leave it out: of sensitive digits only asterisks are kept"


@rule("sensitive-digits", ERROR)
def sensitive_digits(file: FlowFile) -> Iterator[Found]:
    """Digits of a `sensitive` step in a prompt, a variable, a condition, or a lookup that is not `sensitive`."""
    sensitive = {step.variable for step in file.steps.values() if isinstance(step, Collect) and step.sensitive}
    for use in uses(file.document):
        if use.name not in sensitive:
            continue
        lookup = file.steps.get(use.step)
        if not isinstance(lookup, LookUp) or not lookup.sensitive:
            reason = f"gives {use.name} away, which is keyed in as sensitive"
            remedy = "give the lookup leave with `sensitive: true`" if isinstance(lookup, LookUp) else LEAVE_OUT
            yield Found(use.path, reason, remedy)
        elif file.document.at(use.path) != f"{{{use.name}}}":
            reason = f"sends {use.name} within other words, but only the whole of a value can be sensitive"
            yield Found(use.path, reason, "send the digits alone")
        elif not _straight_after(file, lookup, use.name):
            reason = f"sends {use.name}, which is not kept until then"
            yield Found(use.path, reason, "let nothing but the `next` of its `collect` lead to the lookup")
    for use in conditions(file.document):
        if use.name in sensitive:
            reason = f"goes by {use.name}, which is keyed in as sensitive"
            yield Found(use.path, reason, "go by something else: of sensitive digits only asterisks are kept")


def _straight_after(file: FlowFile, lookup: LookUp, variable: str) -> bool:
    """Whether the call comes to the lookup with the very event that brings the digits."""
    askers = {name for name, step in file.steps.items() if isinstance(step, Collect) and step.variable == variable}
    edges = [edge for edge in file.graph.edges if edge.target == lookup.name]
    return file.flow.start != lookup.name and all(edge.source in askers and edge.where == NEXT for edge in edges)
