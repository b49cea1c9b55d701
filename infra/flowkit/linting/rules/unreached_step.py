"""Steps that no call comes to."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule


@rule("unreached-step", ERROR)
def unreached_step(file: FlowFile) -> Iterator[Found]:
    """A step that no caller can reach."""
    for name in file.steps:
        if name not in file.graph.reached:
            yield Found(("steps", name), "is never reached", "remove it, or let a step lead to it")
