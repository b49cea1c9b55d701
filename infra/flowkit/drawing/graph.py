"""A flow as a graph: what a picture of it shows, before anything is placed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Literal

from dialtone.flow.flow import Flow
from dialtone.flow.step import Step
from dialtone.flow.steps.queue import Queue
from dialtone.flow.steps.take_from import TakeFrom
from dialtone.flow.steps.transfer import Transfer
from infra.flowkit.drawing.words import CONNECTED, details_of, edge_label, kind_of, met_by_caller, since_when

Role = Literal["step", "entry", "fault", "end"]
EdgeKind = Literal["choice", "next", "error", "hours"]

ANSWER = "the call is answered"
"""The way in of a flow that no number is known to lead to."""

HANG_UP = "the call has ended"
"""Where the flow's own `on_hangup` comes from."""

FAULT = "any other error"
"""Where every error comes from that has no path of its own."""

THE_END = "the call ends"

NO_HOURS: Mapping[str, str] = MappingProxyType({})


class Mark(Enum):
    """What became of a node or an edge between two versions."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Node:
    """A step, a way in, the last resort's cause, or the end."""

    role: Role
    name: str
    """The step's name, the number that leads here, or what the node stands for."""
    kind: str = ""
    """The step's kind as flows name it."""
    text: str = ""
    """What the caller meets: the words, the audio, the number that is rung."""
    details: str = ""
    """What else was written, in a few words."""
    mark: Mark = Mark.SAME
    before: str = ""
    """The text that it had, where a change replaced it."""

    @property
    def id(self) -> str:
        """Its name among all nodes: a step may be called like a number."""
        return f"{self.role}:{self.name}"


@dataclass(frozen=True, slots=True)
class Edge:
    """From one node to another."""

    source: str
    target: str
    label: str
    """The key, or the words for when the call takes it; '' if it simply goes on."""
    kind: EdgeKind
    where: str = ""
    """Where the flow says so, below the step: `keys.1`, `next`; '' for what no step says."""
    mark: Mark = Mark.SAME


@dataclass(frozen=True, slots=True)
class Graph:
    """All nodes and edges; nodes in the order of the file, edges in the order that steps name them."""

    name: str
    note: str
    """What holds for the whole call, such as its recording; '' for nothing."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, node_id: str) -> Node:
        """The node of this id."""
        return next(node for node in self.nodes if node.id == node_id)


def graph_of(flow: Flow, numbers: Sequence[str] = (), hours: Mapping[str, str] = NO_HOURS) -> Graph:
    """The flow's graph; `numbers` are those that lead here, `hours` what calendars say, by their names."""
    steps = tuple(flow.steps.values())
    edges = (*_entries(flow, numbers), *(edge for step in steps for edge in _edges(step)))
    nodes = [Node("entry", name) for name in (numbers or (ANSWER,))]
    nodes += [
        Node("step", step.name, kind_of(step), met_by_caller(step, "\n"), _details(step, hours)) for step in steps
    ]
    if flow.last_resort:
        nodes.append(Node("fault", FAULT))
    if flow.on_hangup:
        nodes.append(Node("fault", HANG_UP))
    if any(edge.target == _END.id for edge in edges):
        nodes.append(_END)
    return Graph(flow.name, _note(flow), tuple(nodes), edges)


_END = Node("end", THE_END)


def _step_id(name: str) -> str:
    return f"step:{name}" if name else _END.id


def _note(flow: Flow) -> str:
    record, days = flow.record, flow.memory_days
    recorded = f"recorded {since_when(record)}, {record.channels}, {record.format}" if record else ""
    return "; ".join(filter(None, (recorded, f"callers are remembered for {days} days" if days else "")))


def _entries(flow: Flow, numbers: Sequence[str]) -> Iterator[Edge]:
    for name in numbers or (ANSWER,):
        yield Edge(f"entry:{name}", _step_id(flow.start), "", "next")
    if flow.last_resort:
        yield Edge(f"fault:{FAULT}", _step_id(flow.last_resort), "", "error")
    if flow.on_hangup:
        yield Edge(f"fault:{HANG_UP}", _step_id(flow.on_hangup), "", "error")


def _details(step: Step, hours: Mapping[str, str]) -> str:
    open_hours = [hours.get(name, "") for name in step.calendars()]
    return " · ".join(filter(None, (*open_hours, details_of(step))))


def _edges(step: Step) -> Iterator[Edge]:
    if isinstance(step, (Queue, TakeFrom)) or (isinstance(step, Transfer) and not step.after):
        yield Edge(_step_id(step.name), _END.id, edge_label(step, CONNECTED), "next", CONNECTED)
    for each in step.edges():
        label, kind = edge_label(step, each.where), _edge_kind(step, each.where)
        yield Edge(_step_id(step.name), _step_id(each.target), label, kind, each.where)


_UNHAPPY = frozenset(
    {
        "on_error",
        "on_hangup",
        "on_hangup_connected",
        "on_hangup_recorded",
        "failed",
        "busy",
        "no_answer",
        "no_input",
        "timeout",
        "full",
        "on_timeout",
    }
)
"""Edges that nobody wants to take: drawn lighter, so that what is meant to happen stands out."""


def _edge_kind(step: Step, where: str) -> EdgeKind:
    if where == "next":
        return "next"
    if where in _UNHAPPY or (where.startswith("otherwise") and hasattr(step, "tries")):
        return "error"
    return "hours" if kind_of(step) == "hours" else "choice"
