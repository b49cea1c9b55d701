"""Limits that no call keeps."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule


@rule("idle-limits", WARNING)
def idle_limits(file: FlowFile) -> Iterator[Found]:
    """Limits of a flow that only other flows call: only the limits of the call's first flow apply."""
    name, folder = file.flow.name, file.folder
    begins = name in folder.routed_flows or bool(file.flow.given)
    if ("limits",) in file.document.places and name in folder.flows_gone_to and not begins:
        reason = f"has limits for {name}, in which no call begins: other flows go there"
        remedy = "write them in the flows that go there, or say why they stay if calls are dialled for it"
        yield Found(("limits",), reason, remedy)
