"""Variables that are set on some ways only."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule
from infra.flowkit.linting.variables import uses


@rule("unset-variable", WARNING)
def unset_variable(file: FlowFile) -> Iterator[Found]:
    """A variable that some paths to the step do not set: callers on such a path hear a gap."""
    for use in uses(file.document):
        maybe, surely = file.variables.maybe.get(use.step, ()), file.variables.surely.get(use.step, ())
        if use.step in file.graph.after_hangup:
            continue  # it is not spoken, and a call may end before anything is set
        if use.name in maybe and use.name not in surely and not use.of_its_own:
            remedy = "set it on every path there, or let `set` give it a value at the beginning"
            yield Found(use.path, f"fills in {use.name}, which is not set on every path there", remedy)
