"""Flows that are named and are not there."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import flow_names, leads_to
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("unknown-flow", ERROR, Of.WRITTEN)
def unknown_flow(file: FlowFile) -> Iterator[Found]:
    """A flow that a number or a step leads to, and that has no file."""
    known = file.folder.flow_names
    named = leads_to(file.document) if file.kind is Kind.NUMBERS else flow_names(file.document)
    for path, flow in named:
        if flow not in known:
            remedy = near(flow, known, f"add {flow}.yaml beside it, or name a flow that is there")
            yield Found(path, f"leads to the flow {flow}, which does not exist", remedy)
