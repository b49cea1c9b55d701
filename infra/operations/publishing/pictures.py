"""The pictures of flows, kept in the table for the console that the stack serves."""

from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.domain.errors import FlowInvalid
from infra.flowkit.drawing.file_graph import graph_in
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of


def keep_pictures(publications: FlowVersionsTable, flows: Path) -> str:
    """Draw the flows of a folder and keep them; returns what is not kept, in a sentence, '' for nothing.

    A flow that cannot be read is left out: the linter has reported it before. Raises boto3's errors.
    """
    library = FlowLibrary.open(flows)
    too_large = [name for name in library.flow_names if not _keep(publications, library, flows, name)]
    return f"The console on AWS has no picture of {', '.join(too_large)}: too large for the table." if too_large else ""


def _keep(publications: FlowVersionsTable, library: FlowLibrary, flows: Path, name: str) -> bool:
    try:
        flow = library.flow(name)
        graph = graph_in(flows / f"{name}.yaml")
    except FlowInvalid:
        return True
    return flow is None or publications.keep_picture(name, flow.version, svg_of(picture_of(graph), on_page=True))
