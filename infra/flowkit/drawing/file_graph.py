"""The graph of a flow in a folder, with its calendars, numbers and other files."""

from pathlib import Path

from dialtone.adapters.flow_library import NUMBERS_FILE, read_numbers
from infra.flowkit.drawing.graph import Graph, graph_of
from infra.flowkit.drawing.hours import hours_beside
from infra.flowkit.drawing.versions import flow_in, read_file


def graph_in(file: Path) -> Graph:
    """The graph of the flow in a file, with its numbers and opening hours. Raises DialtoneError."""
    flow = flow_in(read_file(file))
    return graph_of(flow, numbers_to(flow.name, file.parent), hours_beside(flow, file.parent))


def numbers_to(flow: str, folder: Path) -> list[str]:
    """The numbers that lead to the flow, as the folder's numbers file has them. Raises FlowInvalid."""
    if not (folder / NUMBERS_FILE).is_file():
        return []
    return [number for number, leads_to in read_numbers(folder).items() if leads_to == flow]
