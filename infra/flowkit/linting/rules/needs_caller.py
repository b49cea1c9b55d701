"""Steps after the hang-up for which somebody would have to be on the line."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule
from infra.flowkit.linting.step_graph import StepGraph

REMEDY = (
    "lead `on_hangup` to steps that need no caller on the line: lookup, deliver, text, set, branch, split, find, "
    "hours, on_call, opt_out, go, hangup"
)


@rule("needs-caller", ERROR)
def needs_caller(file: FlowFile) -> Iterator[Found]:
    """A step after the hang-up that needs somebody on the line: it fails, and the steps after it are lost."""
    for name in file.steps:
        if name not in file.graph.after_hangup:
            continue
        if file.steps[name].needs_caller():
            yield Found(("steps", name), "is reached by on_hangup, and needs somebody on the line", REMEDY)
        for flow, step in file.steps[name].visits():
            if other := _needing(file, flow, step):
                reason = f"visits the flow {flow} by on_hangup, whose step {other} needs somebody on the line"
                yield Found(("steps", name), reason, REMEDY)


def _needing(file: FlowFile, flow: str, begin: str) -> str:
    """The first step on a visit that needs somebody; '' for none."""
    visited = file.folder.flow(flow)
    if visited is None:
        return ""
    begin = begin or visited.visited_start(recording=True)
    reached = {begin, *StepGraph(visited).reach_from(begin)}
    return next((name for name, each in visited.steps.items() if name in reached and each.needs_caller()), "")
