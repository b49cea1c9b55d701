"""Error paths that no call takes."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("idle-on-error", WARNING)
def idle_on_error(file: FlowFile) -> Iterator[Found]:
    """An `on_error` of the flow's last resort, which is never taken: if that step fails, the call is hung up."""
    name = file.flow.last_resort
    step = file.steps.get(name)
    if step and step.on_error and step.needs_caller() and file.flow.name not in file.folder.visited_flows:
        reason = "is the last resort: where it fails the call is hung up, and its on_error is never taken"
        yield Found(file.path_to(name, "on_error"), reason, "remove on_error")
