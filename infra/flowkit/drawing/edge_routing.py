"""Lines that would lie on one another, moved apart.

The layout engine gives every line a track of its own, but not to those that run back to an earlier card: two of them
leave the same card at the same height.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra.flowkit.drawing.shapes import Box, Line

    Point = tuple[int, int]
    _Cell = tuple[int, int]

CLEARANCE = 6
"""Closer than this, two lines side by side look like one."""

BERTH = 9
"""The room that a line leaves around cards and labels: an arrow's tip needs it."""

ROUNDING = 2

CELL = 96
"""The side of a cell of the grid by which near things are found: about as high as a card."""

_OF_NO_LINE = -1

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

    def cells(self, around: int = 0) -> Iterator[_Cell]:
        """The cells of a grid that it runs through, or comes so near to."""
        low, high, begin, end = self.at - around, self.at + around, self.begin - around, self.end + around
        return _cells(begin, low, end, high) if self.level else _cells(low, begin, high, end)

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
    sheet = _Sheet.of(cards, lines)
    moved = list(lines)
    for place, line in enumerate(lines):
        points = line.points
        # The first and the last piece stay at their cards.
        for piece in range(1, len(points) - 2):
            if sheet.lies_on(place, segments(points)[piece]):
                points = _moved(points, piece, place, sheet, [tag.box for tag in line.tags])
        if points != line.points:
            sheet.put(place, segments(points))
            moved[place] = replace(line, points=points)
    return moved


def crossings_among(lines: Sequence[Line]) -> int:
    """How often lines run across one another."""
    sheet = _Sheet.of((), lines)
    return sum(sheet.crossings(place, piece) for place, piece in sheet.pieces()) // 2


def collisions(cards: Sequence[Box], lines: Sequence[Line]) -> int:
    """How often a line crosses a card or another line's label, or overlaps another line."""
    sheet = _Sheet.of(cards, lines)
    through = sum(piece.enters(box) for place, piece in sheet.pieces() for box in sheet.boxes_near(place, piece))
    upon = sum(piece.touches(other) for place, piece in sheet.pieces() for other in sheet.lines_near(place, piece))
    return through + upon // 2


def _moved(points: tuple[Point, ...], piece: int, place: int, sheet: _Sheet, own: Sequence[Box]) -> tuple[Point, ...]:
    """To the free place with the fewest crossings, of these the nearest; `own` are the line's own labels."""
    level = segments(points)[piece].level
    free: list[tuple[int, tuple[Point, ...]]] = []
    for shift in _SHIFTS:
        dx, dy = (0, shift) if level else (shift, 0)
        ends = ((x + dx, y + dy) for x, y in points[piece : piece + 2])
        tried = (*points[:piece], *ends, *points[piece + 2 :])
        before, here, after = segments(tried)[piece - 1 : piece + 2]
        # What leads into a card and out of it comes near that card by its nature.
        near = any(here.enters(box.grown(BERTH)) for box in (*sheet.boxes_near(place, here), *own))
        clear = not near and not any(
            each.enters(box) for each in (before, after) for box in sheet.boxes_near(place, each)
        )
        if clear and not any(sheet.lies_on(place, each) for each in (before, here, after)):
            free.append((sum(sheet.crossings(place, each) for each in (before, here, after)), tried))
    return min(free, key=lambda each: each[0])[1] if free else points


class _Sheet:
    """Cards, labels and lines, indexed by position: each is compared only with its neighbours."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Segment]] = {}
        self._line_cells: dict[_Cell, dict[tuple[int, int], Segment]] = defaultdict(dict)
        self._box_cells: dict[_Cell, dict[int, tuple[int, Box]]] = defaultdict(dict)

    @classmethod
    def of(cls, cards: Iterable[Box], lines: Sequence[Line]) -> _Sheet:
        """All of a picture."""
        sheet = cls()
        labels = [(place, tag.box) for place, line in enumerate(lines) for tag in (*line.tags, line.reference) if tag]
        for number, (place, box) in enumerate([*((_OF_NO_LINE, card) for card in cards), *labels]):
            for cell in _cells(box.x, box.y, box.right, box.bottom):
                sheet._box_cells[cell][number] = place, box
        for place, line in enumerate(lines):
            sheet.put(place, segments(line.points))
        return sheet

    def put(self, place: int, pieces: list[Segment]) -> None:
        """Let the line of this place run so."""
        for number, piece in enumerate(self._lines.get(place, ())):
            for cell in piece.cells():
                del self._line_cells[cell][place, number]
        self._lines[place] = pieces
        for number, piece in enumerate(pieces):
            for cell in piece.cells():
                self._line_cells[cell][place, number] = piece

    def pieces(self) -> Iterator[tuple[int, Segment]]:
        """Every piece of every line, with the line's place."""
        return ((place, piece) for place, pieces in self._lines.items() for piece in pieces)

    def lines_near(self, place: int, piece: Segment) -> Iterable[Segment]:
        """The pieces of other lines that may cross or touch it."""
        found = {key: each for cell in piece.cells(CLEARANCE) for key, each in self._line_cells.get(cell, {}).items()}
        return [each for (of, _), each in found.items() if of != place]

    def boxes_near(self, place: int, piece: Segment) -> Iterable[Box]:
        """The cards, and the labels of other lines, that it may enter or come too near to."""
        found = {key: each for cell in piece.cells(BERTH) for key, each in self._box_cells.get(cell, {}).items()}
        return [box for of, box in found.values() if of != place]

    def lies_on(self, place: int, piece: Segment) -> bool:
        """Whether it looks like one with another line."""
        return any(piece.touches(other) for other in self.lines_near(place, piece))

    def crossings(self, place: int, piece: Segment) -> int:
        """How often it runs across other lines."""
        return sum(piece.crosses(other) for other in self.lines_near(place, piece))


def _cells(left: int, top: int, right: int, bottom: int) -> Iterator[_Cell]:
    """The cells of a grid that an area has a part in."""
    for column in range(left // CELL, right // CELL + 1):
        for row in range(top // CELL, bottom // CELL + 1):
            yield column, row
