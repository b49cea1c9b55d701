"""Runs `dialtone flow draw`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.adapters.flow_library import NUMBERS_FILE, read_numbers
from dialtone.domain.errors import DialtoneError
from infra.cli.flow_draw import ENDINGS, STANDARD_OUTPUT
from infra.cli.flows_option import name_project
from infra.flowkit.drawing.graph import graph_of
from infra.flowkit.drawing.hours import hours_beside
from infra.flowkit.drawing.html import Section, page_of
from infra.flowkit.drawing.mermaid import mermaid_of
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.flowkit.drawing.versions import flow_in, is_flow, read_file

if TYPE_CHECKING:
    import argparse

    from infra.flowkit.drawing.graph import Graph


def run(given: argparse.Namespace) -> int:
    """Draw them. Raises DialtoneError naming a flow that cannot be read."""
    graphs = [_graph(file) for file in _files(given)]
    if not graphs:
        raise DialtoneError("there is no flow to draw: name a flow's file")
    write({graph.name: picture(graph, given.format) for graph in graphs}, given.format, given.output)
    return 0


def picture(graph: Graph, form: str, sentences: tuple[str, ...] = (), of: str = "") -> str:
    """The graph in one of the formats. `of` says more than its name where a page is about more than that."""
    if form == "mermaid":
        return mermaid_of(graph)
    svg = svg_of(picture_of(graph))
    return svg if form == "svg" else page_of(of or graph.name, [Section(svg, sentences)])


def write(pictures: dict[str, str], form: str, output: str) -> None:
    """Print the one picture, or put each into the folder under its flow's name. Raises DialtoneError."""
    if output == STANDARD_OUTPUT:
        if len(pictures) > 1 and form != "mermaid":
            raise DialtoneError(f"{len(pictures)} pictures do not go into one {form}: add --output FOLDER")
        sys.stdout.write("\n".join(pictures.values()))
        return
    place = Path(output)
    if not place.is_dir() and (place.exists() or place.suffix == f".{ENDINGS[form]}"):
        if len(pictures) > 1:
            raise DialtoneError(f"{len(pictures)} pictures do not go into one file, {place}: name a folder")
        place.write_text(next(iter(pictures.values())), encoding="utf-8")
        return
    place.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        (place / f"{name}.{ENDINGS[form]}").write_text(content, encoding="utf-8")


def _files(given: argparse.Namespace) -> list[Path]:
    """The flows' files; other YAML that a shell's `*.yaml` brings along is left out."""
    if not all(map(_is_path, given.drawn)) or not given.drawn:
        name_project(given)
    if not given.drawn:
        return _flows_among(sorted(given.flows.glob("*.yaml")))
    files = [Path(name) if _is_path(name) else given.flows / f"{name}.yaml" for name in given.drawn]
    return files if len(files) == 1 else _flows_among(files)


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _flows_among(files: list[Path]) -> list[Path]:
    return [file for file in files if is_flow(read_file(file))]


def _graph(file: Path) -> Graph:
    flow = flow_in(read_file(file))
    return graph_of(flow, numbers_to(flow.name, file.parent), hours_beside(flow, file.parent))


def numbers_to(flow: str, folder: Path) -> list[str]:
    """The numbers that lead to the flow, as the folder's numbers file has them. Raises FlowInvalid."""
    if not (folder / NUMBERS_FILE).is_file():
        return []
    return [number for number, leads_to in read_numbers(folder).items() if leads_to == flow]
