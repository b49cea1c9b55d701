"""What a picture is made of, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from infra.flowkit.drawing.graph import EdgeKind, Mark, Node
from infra.flowkit.drawing.text_metrics import TextMetrics


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; x and y are its upper left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> int:
        """Its vertical axis."""
        return self.x + self.width // 2

    def grown(self, by: int) -> Box:
        """The box with as much more on every side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any area."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True, slots=True)
class Row:
    """A line of text in a card; x is its left end, y its baseline, both from the card's corner."""

    x: float
    y: float
    text: str
    style: str
    metrics: TextMetrics


@dataclass(frozen=True, slots=True)
class Card:
    """A node with its position and texts."""

    node: Node
    box: Box
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """A key or a few words at the beginning of a line."""

    box: Box
    text: str
    is_key: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Line:
    """One or several ways between the same two cards, drawn as one."""

    source: str
    target: str
    kind: EdgeKind
    mark: Mark
    points: tuple[tuple[int, int], ...]
    tags: tuple[Tag, ...]
    reference: Tag | None = None
    """The target's name, where the line ends at that instead of at the card."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, and how large it is."""

    title: str
    note: str
    width: int
    height: int
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]
