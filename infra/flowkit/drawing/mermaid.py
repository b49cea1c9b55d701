"""A graph as Mermaid, which GitHub and many editors draw from the text itself."""

import re
from collections.abc import Iterator

from infra.flowkit.drawing.graph import Edge, Graph, Mark, Node
from infra.flowkit.drawing.text_metrics import readable

_SPECIAL = re.compile(r"[^A-Za-z0-9\u00a1-\U0010ffff .,:?!'()/+-]")
"""Mermaid reads `#`, quotes, brackets, `<`, `*`, `_`, backticks and more even inside quotes: they go as codes."""

_LIST = re.compile(r"^(\d*)([.+-])")
"""At the beginning of a label Mermaid takes it for a Markdown list."""

TEXT_CHARACTERS = 90

_SHAPES = {
    "menu": ("{{", "}}"),
    "collect": ("{{", "}}"),
    "record": ("[/", "/]"),
    "transfer": ("[[", "]]"),
    "conference": ("[[", "]]"),
    "queue": ("[[", "]]"),
    "take_from": ("[[", "]]"),
    "lookup": ("[[", "]]"),
    "answered_by": ("{", "}"),
    "branch": ("{", "}"),
    "split": ("{", "}"),
    "hours": ("{", "}"),
    "choose_language": ("{{", "}}"),
    "hangup": ("([", "])"),
    "reject": ("([", "])"),
}
_BOX, _PILL = ("[", "]"), ("([", "])")

_CLASSES = {
    Mark.ADDED: "stroke:#0072b2,stroke-width:3px",
    Mark.REMOVED: "stroke:#d55e00,stroke-width:2px,stroke-dasharray:2 4",
    Mark.CHANGED: "stroke:#8a6d00,stroke-width:3px,stroke-dasharray:12 3",
}
_SIGNS = {Mark.ADDED: "+ ", Mark.REMOVED: "− ", Mark.CHANGED: "~ "}  # noqa: RUF001 -- a minus sign


def mermaid_of(graph: Graph) -> str:
    """A flowchart, ready to stand between ```` ```mermaid ```` and ```` ``` ````."""
    names = {node.id: f"n{place}" for place, node in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    lines += [f"  {names[node.id]}{_node(node)}" for node in graph.nodes]
    gathered: dict[tuple[str, str, str, Mark], list[Edge]] = {}
    for edge in graph.edges:
        arrow = "-.->" if edge.kind in {"error", "hours"} or edge.mark is Mark.REMOVED else "-->"
        gathered.setdefault((edge.source, edge.target, arrow, edge.mark), []).append(edge)
    for (source, target, arrow, mark), edges in gathered.items():
        said = sorted((edge.label for edge in edges), key=lambda label: label == "")
        words = ", ".join(label or "then" for label in said if label or len(said) > 1)
        label = _SIGNS.get(mark, "") + words
        lines.append(f"  {names[source]} {arrow}{_quoted_label(label)} {names[target]}")
    lines += _marks(graph, names, list(gathered))
    return "\n".join(lines) + "\n"


def written(text: str) -> str:
    """Any text so that Mermaid shows it as it is."""
    coded = _SPECIAL.sub(lambda found: f"#{ord(found.group())};", readable(text))
    return _LIST.sub(lambda found: f"{found.group(1)}#{ord(found.group(2))};", coded)


def _node(node: Node) -> str:
    left, right = _SHAPES.get(node.kind, _BOX) if node.role == "step" else _PILL
    first = f"{_SIGNS.get(node.mark, '')}{node.name}" + (f" · {node.kind.replace('_', ' ')}" if node.kind else "")
    words = " ".join(node.text.split())
    text = words if len(words) <= TEXT_CHARACTERS else f"{words[:TEXT_CHARACTERS].rstrip()}…"
    return f'{left}"{"<br>".join(written(each) for each in (first, text) if each)}"{right}'


def _quoted_label(label: str) -> str:
    return f'|"{written(label.strip())}"|' if label.strip() else ""


def _marks(graph: Graph, names: dict[str, str], edges: list[tuple[str, str, str, Mark]]) -> Iterator[str]:
    for mark, style in _CLASSES.items():
        nodes = [names[node.id] for node in graph.nodes if node.mark is mark]
        if nodes:
            yield f"  classDef {mark.value} {style}"
            yield f"  class {','.join(nodes)} {mark.value}"
        paths = [str(place) for place, edge in enumerate(edges) if edge[3] is mark]
        if paths:
            yield f"  linkStyle {','.join(paths)} {style}"
