"""Runs `dialtone flow draw`."""

import argparse
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.cli.flow import DEFAULT_FORMAT, ENDINGS, STANDARD_OUTPUT
from infra.cli.options import name_project
from infra.flowkit.drawing.file_graph import graph_in
from infra.flowkit.drawing.graph import Graph
from infra.flowkit.drawing.html import Section, page_of
from infra.flowkit.drawing.mermaid import mermaid_of
from infra.flowkit.drawing.picture import picture_of
from infra.flowkit.drawing.svg import svg_of
from infra.flowkit.drawing.versions import is_flow, read_file
from infra.output.files import write_whole


def run(given: argparse.Namespace) -> int:
    """Draw them. Raises DialtoneError naming a flow that cannot be read."""
    if given.watch:
        return _watch(given)
    _check_folder(given)
    _name_project(given)
    graphs = [graph_in(file) for file in _files(given)]
    if not graphs:
        raise DialtoneError("there is no flow to draw: name a flow's file")
    form = given.format or DEFAULT_FORMAT
    write({graph.name: picture(graph, form) for graph in graphs}, form, given.output)
    return 0


def _watch(given: argparse.Namespace) -> int:
    if given.format or given.output != STANDARD_OUTPUT:
        raise DialtoneError("--watch shows a page: leave --format and --output out")
    _check_folder(given)
    _name_project(given)
    import_module("infra.cli.flow_draw_watch").watch(partial(_files, given), given.port)
    return 0


def _check_folder(given: argparse.Namespace) -> None:
    if not given.drawn and not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")


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
        write_whole(place, next(iter(pictures.values())))
        return
    place.mkdir(parents=True, exist_ok=True)
    files = [place / f"{name}.{ENDINGS[form]}" for name in pictures]
    for file, content in zip(files, pictures.values(), strict=True):
        write_whole(file, content)
    print(f"written: {', '.join(map(str, files))}")


def _name_project(given: argparse.Namespace) -> None:
    """Say whose flows are meant where their files are not named."""
    if not all(map(_is_path, given.drawn)) or not given.drawn:
        name_project(given)


def _files(given: argparse.Namespace) -> list[Path]:
    """The flows' files; other YAML that a shell's `*.yaml` brings along is left out."""
    if not given.drawn:
        return _flows_among(sorted(given.flows.glob("*.yaml")))
    files = [Path(name) if _is_path(name) else given.flows / f"{name}.yaml" for name in given.drawn]
    return files if len(files) == 1 else _flows_among(files)


def _is_path(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _flows_among(files: list[Path]) -> list[Path]:
    return [file for file in files if is_flow(read_file(file))]
