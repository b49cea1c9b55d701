"""Variables that are meant to be remembered, in a flow that remembers nothing."""

from collections.abc import Iterator

from dialtone.domain.caller_memory import MEMORY
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("no-memory", WARNING)
def no_memory(file: FlowFile) -> Iterator[Found]:
    """A step that sets a `memory.` variable, while no flow in which calls begin has `memory`."""
    leads_on = [file.flow, *(flow for flow in file.folder.flows if file.flow.name in flow.others)]
    if any(flow.memory_days for flow in leads_on):
        return
    for name, step in file.steps.items():
        if kept := next((each for each in step.sets() if each.startswith(MEMORY)), ""):
            reason = f"sets {kept}, and this flow remembers nothing from one call to the next"
            yield Found(("steps", name), reason, "add `memory: {days: 90}` to the flow, or name the variable otherwise")
