"""Two versions of a flow in one graph: what is unchanged, added, removed or changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dialtone.flow.flow import Flow
from dialtone.flow.step import Step
from infra.flowkit.drawing.graph import NO_HOURS, Edge, Graph, Mark, Node, graph_of


def compared(
    old: Flow | None, new: Flow | None, numbers: Sequence[str] = (), hours: Mapping[str, str] = NO_HOURS
) -> Graph:
    """The new version's graph with what the old one had beside; None for a version in which there is no such flow.

    `numbers` and `hours` are those of today: their own changes are reported for their own files.
    """
    before = graph_of(old, numbers, hours) if old else None
    after = graph_of(new, numbers, hours) if new else None
    if before is None or after is None:
        only, mark = (after, Mark.ADDED) if after else (before, Mark.REMOVED)
        if only is None:
            raise ValueError("there is nothing to compare")
        nodes = tuple(replace(node, mark=mark) for node in only.nodes)
        return replace(only, nodes=nodes, edges=tuple(replace(edge, mark=mark) for edge in only.edges))
    names = renamed(old, new)
    return Graph(
        after.name,
        after.note,
        tuple(_nodes(before, after, old, new, names)),
        tuple(_edges(before, after, {f"step:{was}": f"step:{now}" for was, now in names.items()})),
    )


def renamed(old: Flow | None, new: Flow | None) -> dict[str, str]:
    """Old name → new name of steps that only their names tell apart."""
    if old is None or new is None:
        return {}
    gone = {name: content_of(step) for name, step in old.steps.items() if name not in new.steps}
    come = {name: content_of(step) for name, step in new.steps.items() if name not in old.steps}
    names: dict[str, str] = {}
    for was, content in gone.items():
        same = [name for name, other in come.items() if other == content and name not in names.values()]
        if len(same) == 1:
            names[was] = same[0]
    return names


def content_of(step: Step) -> dict[str, Any]:
    """All that the step says, without its name and without where it leads."""
    content: dict[str, Any] = {"kind": type(step).__name__, **step.model_dump(exclude={"name"})}
    for where, _ in step.targets():
        *path, last = where.split(".")
        inner: Any = content
        for part in path:
            inner = inner[int(part)] if isinstance(inner, (list, tuple)) else inner[part]
        # What leads on may be the kind's own value (`go: welcome`); a way not taken stands in no step's content.
        if isinstance(inner, dict):
            inner.pop(last, None)
    content.pop("next", None)
    return _without_empty(content)


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    """A way that is not written is '' in the model; one that is written was taken out."""
    return {
        name: _without_empty(value) if isinstance(value, dict) else value
        for name, value in content.items()
        if value != ""
    }


def _nodes(before: Graph, after: Graph, old: Flow | None, new: Flow | None, names: Mapping[str, str]) -> Iterator[Node]:
    if old is None or new is None:
        return
    was_called = {now: was for was, now in names.items()}
    nodes_before = {node.id: node for node in before.nodes}
    for node in after.nodes:
        was = nodes_before.pop(f"{node.role}:{was_called.get(node.name, node.name)}", None)
        if was is None:
            yield replace(node, mark=Mark.ADDED)
        elif node.role == "step" and content_of(old.steps[was.name]) != content_of(new.steps[node.name]):
            yield replace(node, mark=Mark.CHANGED, before=was.text if was.text != node.text else "")
        elif was.name != node.name:
            yield replace(node, mark=Mark.CHANGED, before=was.name)
        else:
            yield node
    yield from (replace(node, mark=Mark.REMOVED) for node in nodes_before.values())


def _edges(before: Graph, after: Graph, names: Mapping[str, str]) -> Iterator[Edge]:
    def identity(edge: Edge) -> tuple[str, str, str]:
        return edge.source, edge.where, edge.target

    edges_before = {}
    for edge in before.edges:
        moved = replace(edge, source=names.get(edge.source, edge.source), target=names.get(edge.target, edge.target))
        edges_before[identity(moved)] = moved
    for edge in after.edges:
        was = edges_before.pop(identity(edge), None)
        if was is None:
            yield replace(edge, mark=Mark.ADDED)
        else:
            yield edge if was.label == edge.label else replace(edge, mark=Mark.CHANGED)
    yield from (replace(edge, mark=Mark.REMOVED) for edge in edges_before.values())
