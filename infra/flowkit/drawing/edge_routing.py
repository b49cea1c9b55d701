"""Lines that would lie on one another, moved apart.

The layout engine gives every line a track of its own, but not to those that run back to an earlier card: two of them
leave the same card at the same height.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.flowkit.drawing.shapes import Box, Line

    Point = tuple[int, int]

CLEARANCE = 6
"""Closer than this, two lines side by side look like one."""

BERTH = 9
"""The room that a line leaves around cards and labels: an arrow's tip needs it."""

ROUNDING = 2

_SHIFTS = (8, -8, 16, -16, 24, -24)


@dataclass(frozen=True, slots=True)
class Segment:
    """A straight piece of a line, along x or along y."""

    level: bool
    """Whether it runs along x."""
    at: int
    """Its place on the other axis."""
    begin: int
    end: int

    @classmethod
    def between(cls, here: Point, there: Point) -> Segment:
        """The piece between two points."""
        level = here[1] == there[1]
        along = 0 if level else 1
        begin, end = sorted((here[along], there[along]))
        return cls(level, here[1 - along], begin, end)

    def touches(self, other: Segment) -> bool:
        """Whether the two run side by side so close that they look like one."""
        return (
            self.level == other.level
            and abs(self.at - other.at) < CLEARANCE
            and self.begin < other.end
            and other.begin < self.end
        )

    def crosses(self, other: Segment) -> bool:
        """Whether one runs across the other."""
        return self.level != other.level and self.begin < other.at < self.end and other.begin < self.at < other.end

    def enters(self, box: Box) -> bool:
        """Whether any of it lies inside the box."""
        x, y = (box.x, box.right), (box.y, box.bottom)
        along, across = (x, y) if self.level else (y, x)
        return across[0] < self.at < across[1] and self.begin < along[1] and along[0] < self.end


def segments(points: Sequence[Point]) -> list[Segment]:
    """A line's pieces, in order."""
    return [Segment.between(here, there) for here, there in pairwise(points)]


def straight(points: Sequence[Point]) -> list[Point]:
    """The line without the steps of a pixel or two that rounding leaves; its end stays where it is."""
    made = [points[-1]]
    for x, y in reversed(points[:-1]):
        after_x, after_y = made[-1]
        made.append((after_x if abs(x - after_x) <= ROUNDING else x, after_y if abs(y - after_y) <= ROUNDING else y))
    made.reverse()
    return [made[0], *(here for here, before, after in _bends(made) if before != after), made[-1]]


def _bends(points: Sequence[Point]) -> Iterator[tuple[Point, bool, bool]]:
    """Every point between the ends, with whether the pieces before and after it are level."""
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if here not in (before, after):
            yield here, before[1] == here[1], here[1] == after[1]


def separated(cards: Sequence[Box], lines: Sequence[Line]) -> list[Line]:
    """The lines, those that lie on others moved to where nothing is; left where they are if there is no such place."""
    moved = list(lines)
    for place, line in enumerate(lines):
        others = [each for other in (*moved[:place], *moved[place + 1 :]) for each in segments(other.points)]
        labels = [
            tag.box for other in moved if other is not moved[place] for tag in (*other.tags, other.reference) if tag
        ]
        own = [tag.box for tag in line.tags]
        points = line.points
        # The first and the last piece stay at their cards.
        for piece in range(1, len(points) - 2):
            if _lies_on(segments(points)[piece : piece + 1], others):
                points = _moved(points, piece, others, [*cards, *labels], own)
        moved[place] = replace(line, points=points)
    return moved


def crossings(pieces: Iterable[Segment], others: Sequence[Segment]) -> int:
    """How often they run across the others."""
    return sum(piece.crosses(other) for piece in pieces for other in others)


def crossings_among(lines: Sequence[Line]) -> int:
    """How often lines run across one another."""
    pieces = [segments(line.points) for line in lines]
    return sum(crossings(one, other) for one, other in combinations(pieces, 2))


def collisions(cards: Sequence[Box], lines: Sequence[Line]) -> int:
    """How often a line runs through a card or another's label, or lies on another line."""
    pieces = [segments(line.points) for line in lines]
    labels = [[tag.box for tag in (*line.tags, line.reference) if tag] for line in lines]
    through = sum(piece.enters(box) for line in pieces for piece in line for box in cards)
    upon = sum(piece.touches(other) for one, two in combinations(pieces, 2) for piece in one for other in two)
    hidden = sum(
        piece.enters(box)
        for place, line in enumerate(pieces)
        for other, boxes in enumerate(labels)
        if other != place
        for piece in line
        for box in boxes
    )
    return through + upon + hidden


def _lies_on(pieces: Iterable[Segment], others: Sequence[Segment]) -> bool:
    return any(piece.touches(other) for piece in pieces for other in others)


def _moved(
    points: tuple[Point, ...], piece: int, others: Sequence[Segment], boxes: Sequence[Box], own: Sequence[Box]
) -> tuple[Point, ...]:
    """To the free place with the fewest crossings, of these the nearest; `own` are the line's own labels."""
    level = segments(points)[piece].level
    free: list[tuple[int, tuple[Point, ...]]] = []
    for shift in _SHIFTS:
        dx, dy = (0, shift) if level else (shift, 0)
        ends = ((x + dx, y + dy) for x, y in points[piece : piece + 2])
        tried = (*points[:piece], *ends, *points[piece + 2 :])
        before, here, after = segments(tried)[piece - 1 : piece + 2]
        # What leads into a card and out of it comes near that card by its nature.
        near = any(here.enters(box.grown(BERTH)) for box in (*boxes, *own))
        clear = not near and not any(each.enters(box) for each in (before, after) for box in boxes)
        if clear and not _lies_on((before, here, after), others):
            free.append((crossings((before, here, after), others), tried))
    return min(free, key=lambda each: each[0])[1] if free else points
