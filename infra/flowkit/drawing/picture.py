"""Where everything goes: a graph's cards, lines and labels, in pixels.

The layered layout is graphlay's (a Sugiyama layout in Rust with orthogonal lines, the same on every machine); this
module alone knows it. It is asked first in which order the ways leave each card with the fewest crossings, then once
more with each way fixed under its label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Literal

import graphlay

from infra.flowkit.drawing.edge_routing import collisions, crossings_among, separated, straight
from infra.flowkit.drawing.graph import Edge, EdgeKind, Graph, Mark, Node
from infra.flowkit.drawing.shapes import Box, Card, Line, Picture, Row, Tag
from infra.flowkit.drawing.text_metrics import TextMetrics, readable

NAME = TextMetrics(13, bold=True)
KIND = TextMetrics(10.5)
TEXT = TextMetrics(12)
DETAILS = TextMetrics(10.5)
PILL = TextMetrics(12)
CAP = TextMetrics(11, bold=True)
WORDS = TextMetrics(10.5)
TITLE = TextMetrics(19, bold=True)
NOTE = TextMetrics(12)

CARD_WIDTH = 252
CARD_PADDING = 13
TEXT_LINES = 4
"""A prompt that is longer is cut: the picture shows the flow, not the text."""
LANGUAGE_LINES = 4
"""Of a prompt in several languages, for each of them."""
DETAIL_LINES = 6
PILL_HEIGHT = 28

TAG_HEIGHT = 18
TAG_GAP = 3
"""Between the keys of one way."""
WAY_GAPS = {"topbottom": 14, "leftright": 6}
"""Between the labels of two ways."""
LABEL_OFFSET = 5
"""From the card to a label."""
LABEL_CLEARANCE = 7
"""From a label to where other lines may run: the layout keeps them out of the strip that holds the labels."""
REFERENCE_ARROW = 18
"""The line from a label to the name of the card that is meant."""
LOOP_ROOM = 28
"""Beside a card with a way back to itself."""
LOOP_GAP = 8
"""Between two such ways."""

PORT_GAP = 20
"""Between two lines that arrive at a card."""
SEEDS = range(5)
"""Beginnings that are tried until nothing lies on anything else."""
MOST_CARDS_TRIED_OFTEN = 80
MOST_CARDS_COMPARED = 200
"""A larger picture is drawn once: which of two is better cannot be seen at a glance, and each takes seconds."""
FEW_MORE_BENDS = 1.3
"""What the order of the file may cost."""
HINT = 0.01
"""So near to one another the positions tell the engine an order, and no distance."""
LAYER_GAP = 44
NODE_GAP = 36
MARGIN = 28
HEADER_HEIGHT = 54
LEGEND_HEIGHT = 46

KEYPAD = "123456789*0#"
"""The keys in the order in which they lie on a telephone."""

MOST_LINES_INTO_A_CARD = 4
"""Where more would arrive, those from afar become references: a name in place of a long line."""
MOST_CARDS_WITH_WAYS_BACK = 14
"""In a larger picture every way back is a reference: the eye would lose a line that runs against all others."""
COMFORTABLE_WIDTH = 1_500
"""A picture that is wider from top to bottom is drawn from left to right if that makes it narrower."""

Direction = Literal["topbottom", "leftright"]


def picture_of(graph: Graph) -> Picture:
    """Place the graph: from top to bottom, as flows are written; from left to right where that would be too wide."""
    if len(graph.nodes) > MOST_CARDS_COMPARED:
        return _placed_once(graph)
    down = _placed(graph, "topbottom")
    if down.width <= COMFORTABLE_WIDTH:
        return down
    across = _placed(graph, "leftright")
    return across if across.width < down.width else down


def _placed_once(graph: Graph) -> Picture:
    """The same with one arrangement for each direction, and only the narrower one drawn."""
    down = _sheet(graph, "topbottom")
    placed = down.as_the_file_has_it()
    if down.width(placed) <= COMFORTABLE_WIDTH:
        return down.drawn(placed)
    across = _sheet(graph, "leftright")
    beside = across.as_the_file_has_it()
    return across.drawn(beside) if across.width(beside) < down.width(placed) else down.drawn(placed)


def _sheet(graph: Graph, direction: Direction) -> _Sheet:
    bundles = _bundles(graph)
    back = _backward(graph, bundles)
    bundles = _with_references(graph, bundles, back)
    leaving = _by(bundles, lambda bundle: bundle.source)
    faces = {node.id: _Face.of(node, leaving.get(node.id, ()), direction) for node in graph.nodes}
    return _Sheet(graph, direction, bundles, faces, frozenset(back))


def _placed(graph: Graph, direction: Direction) -> Picture:
    sheet = _sheet(graph, direction)
    best: list[_Drawn] = []
    for seed in SEEDS if len(graph.nodes) <= MOST_CARDS_TRIED_OFTEN else SEEDS[:1]:
        best += sheet.tried(seed)
        if any(each.faults == 0 for each in best):
            break
    # As the file has it comes first and reads best; what the engine chooses may cross less, or stand much straighter.
    least = min((each.faults, each.crossings) for each in best)
    good = [each for each in best if (each.faults, each.crossings) == least]
    bends = min(each.bends for each in good)
    return next(each.picture for each in good if each.bends <= bends * FEW_MORE_BENDS)


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Ways that are drawn as one line."""

    source: str
    target: str
    kind: EdgeKind
    mark: Mark
    edges: tuple[Edge, ...]
    refers: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(edge.label for edge in self.edges if edge.label)

    @property
    def label_width(self) -> int:
        return sum(tag_width(label) for label in self.labels) + TAG_GAP * max(len(self.labels) - 1, 0)

    @property
    def reference(self) -> str:
        return self.target.partition(":")[2] if self.refers else ""

    @property
    def first_key(self) -> int | None:
        """The place of its first key on a telephone; None without one."""
        return min((KEYPAD.index(label) for label in self.labels if is_key(label)), default=None)

    @property
    def loops(self) -> bool:
        return self.source == self.target

    def across(self, direction: Direction) -> int:
        """The room that it takes at the card's side."""
        if direction == "leftright":
            return TAG_HEIGHT
        return max(self.label_width, tag_width(self.reference) if self.refers else 0, 20)

    def along(self, direction: Direction) -> int:
        """How far its labels reach from the card; 0 without any."""
        if not (self.labels or self.refers or self.loops):
            return 0
        if direction == "topbottom":
            beyond = REFERENCE_ARROW + TAG_HEIGHT if self.refers else LOOP_GAP if self.loops else 0
            return LABEL_OFFSET + TAG_HEIGHT + LABEL_CLEARANCE + beyond
        reference = REFERENCE_ARROW + tag_width(self.reference) if self.refers else 0
        return LABEL_OFFSET + self.label_width + reference + LABEL_CLEARANCE + (LOOP_ROOM if self.loops else 0)


def _bundles(graph: Graph) -> list[_Bundle]:
    def alike(edge: Edge) -> tuple[str, str, str, str]:
        return edge.source, edge.target, "solid" if edge.kind in {"choice", "next"} else edge.kind, edge.mark.value

    gathered: dict[tuple[str, str, str, str], list[Edge]] = {}
    for edge in graph.edges:
        gathered.setdefault(alike(edge), []).append(edge)
    return [_bundle(edges) for edges in gathered.values()]


def _bundle(edges: list[Edge]) -> _Bundle:
    first = edges[0]
    if len(edges) > 1:
        # Beside a key the plain way on needs a name; the keys stand in front of it.
        edges = sorted(edges, key=_label_order)
        edges = [edge if edge.label else replace(edge, label="then") for edge in edges]
    kind: EdgeKind = "choice" if any(edge.kind == "choice" for edge in edges) else first.kind
    return _Bundle(first.source, first.target, kind, first.mark, tuple(edges))


def _label_order(edge: Edge) -> int:
    """Keys as they lie on a telephone, then words, then the plain way on."""
    return KEYPAD.index(edge.label) if is_key(edge.label) else len(KEYPAD) + (edge.label == "")


def _with_references(graph: Graph, bundles: Sequence[_Bundle], back: Collection[tuple[str, str]]) -> list[_Bundle]:
    """Ways back in large pictures are references; so are the side ways to a card where too many lines would arrive."""
    large = len(graph.nodes) > MOST_CARDS_WITH_WAYS_BACK
    drawn = [
        bundle
        for bundle in bundles
        if not bundle.loops and not (large and (bundle.source, bundle.target) in back and _is_step(bundle.source))
    ]
    kept = {id(bundle) for bundle in drawn}
    for arriving in _by(drawn, lambda bundle: bundle.target).values():
        if len(arriving) > MOST_LINES_INTO_A_CARD:
            candidates = [each for each in arriving if _is_step(each.source)]
            main = [each for each in candidates if each.kind != "error" and (each.source, each.target) not in back]
            few = 0 < len(main) <= MOST_LINES_INTO_A_CARD
            # One line at least, so that the card stands below those that lead to it: the last in the file.
            stay = main if few else (main or candidates)[-1:]
            kept -= {id(each) for each in candidates} - {id(each) for each in stay}
    return [bundle if bundle.loops or id(bundle) in kept else replace(bundle, refers=True) for bundle in bundles]


def _by(bundles: Iterable[_Bundle], end: Callable[[_Bundle], str]) -> Mapping[str, Sequence[_Bundle]]:
    """The ways by the card at one of their ends."""
    gathered: dict[str, list[_Bundle]] = {}
    for bundle in bundles:
        gathered.setdefault(end(bundle), []).append(bundle)
    return gathered


def _is_step(node_id: str) -> bool:
    return node_id.startswith("step:")


def is_key(label: str) -> bool:
    """Whether it is a key of a phone."""
    return len(label) == 1 and label in KEYPAD


def tag_width(label: str) -> int:
    """Of a label's box, in pixels."""
    if is_key(label):
        return max(TAG_HEIGHT + 2, round(CAP.width(label)) + 12)
    return round(WORDS.width(label)) + 12


@dataclass(frozen=True, slots=True)
class _Face:
    """A card before it has a place."""

    width: int
    height: int
    strip: int
    """How far its labels reach from it, in the picture's direction."""
    room: int
    """Left free at both other sides."""
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, node: Node, ways: Sequence[_Bundle], direction: Direction) -> _Face:
        strip = max((route.along(direction) for route in ways), default=0)
        room = LOOP_ROOM if any(route.loops for route in ways) else 0
        gap = WAY_GAPS[direction]
        needed = sum(route.across(direction) + gap for route in ways) + 8 - gap if strip else 0
        if node.role != "step":
            name = Row(16, PILL_HEIGHT / 2 + 4, node.name, "pill", PILL)
            return cls(round(PILL.width(node.name)) + 32, PILL_HEIGHT, strip, room, (name,))
        if direction == "topbottom":
            width = max(_card_width(node), needed)
            rows, height = _rows(node, width)
        else:
            width = _card_width(node)
            rows, height = _rows(node, width)
            height = max(height, needed)
        return cls(width, height, strip, room, rows)


def _card_width(node: Node) -> int:
    if node.text or node.details or node.before:
        return CARD_WIDTH
    header = NAME.width(node.name) + KIND.width(node.kind) + 14
    return min(CARD_WIDTH, max(120, round(header) + 2 * CARD_PADDING))


def _rows(node: Node, width: int) -> tuple[tuple[Row, ...], int]:
    inner = width - 2 * CARD_PADDING
    kind = node.kind.replace("_", " ")
    kind_width = KIND.width(kind)
    y = 22.0
    rows = [
        Row(CARD_PADDING, y, NAME.cut(node.name, inner - kind_width - 12), "name", NAME),
        Row(width - CARD_PADDING - kind_width, y, kind, "kind", KIND),
    ]
    y += 5
    for text, style, metrics, most in (
        (node.text, "text", TEXT, TEXT_LINES),
        (node.before and f"was {node.before}", "before", TEXT, TEXT_LINES),
        (node.details, "details", DETAILS, DETAIL_LINES),
    ):
        y += 3 if text and metrics is DETAILS else 0
        for line in _cut(text, inner, metrics, most):
            y += 16 if metrics is TEXT else 14
            rows.append(Row(CARD_PADDING, y, line, style, metrics))
    return tuple(rows), round(y) + 12


def _cut(text: str, width: int, metrics: TextMetrics, most: int) -> list[str]:
    """The lines that are shown: of a text in several languages, some of each."""
    languages = text.split("\n") if text else []
    of_each = most if len(languages) <= 1 else LANGUAGE_LINES
    return [line for language in languages for line in metrics.lines(language, width, of_each)]


def _backward(graph: Graph, bundles: Iterable[_Bundle]) -> set[tuple[str, str]]:
    """Ways back to a step that leads here: they do not decide what stands above what."""
    ahead: dict[str, list[str]] = {}
    for bundle in bundles:
        ahead.setdefault(bundle.source, []).append(bundle.target)
    back: set[tuple[str, str]] = set()
    done: set[str] = set()
    for root in (node.id for node in graph.nodes):
        path: list[tuple[str, list[str]]] = [(root, list(reversed(ahead.get(root, []))))] if root not in done else []
        above = {root}
        while path:
            node, left = path[-1]
            if not left:
                done.add(node)
                above.discard(node)
                path.pop()
                continue
            to = left.pop()
            if to in above:
                back.add((node, to))
            elif to not in done:
                above.add(to)
                path.append((to, list(reversed(ahead.get(to, [])))))
    return back


@dataclass(frozen=True, slots=True)
class _Placed:
    """What the engine answered: cards' corners by node, points by bundle (none for loops and references)."""

    corners: Mapping[str, tuple[float, float]]
    points: Mapping[int, Sequence[tuple[float, float]]]
    ports: Mapping[int, float]
    """As asked: where a bundle leaves its card, from the middle of the side, in pixels."""

    def origin(self) -> tuple[float, float]:
        """The upper left corner of it all."""
        everywhere = [*self.corners.values(), *(point for line in self.points.values() for point in line)]
        return min(x for x, _ in everywhere), min(y for _, y in everywhere)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Constraints for the layout engine; it chooses everything else."""

    seed: int
    hints: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Node → its place in an order to begin with."""
    ports: Mapping[int, float] = field(default_factory=dict)
    """Bundle → where it leaves its card, from the middle of the side, in pixels."""
    ends: Mapping[int, float] = field(default_factory=dict)
    """Bundle → where it arrives, likewise."""
    quick: bool = False
    """Whether an order that crosses more will do."""


def _position(hint: tuple[float, float] | None) -> dict[str, Any]:
    return {"position": {"x": hint[0] * HINT, "y": hint[1] * HINT}} if hint else {}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A picture, and how good it is."""

    picture: Picture
    faults: int
    crossings: int
    bends: int


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A graph about to be placed in one direction."""

    graph: Graph
    direction: Direction
    bundles: Sequence[_Bundle]
    faces: Mapping[str, _Face]
    back: frozenset[tuple[str, str]]

    @property
    def _down(self) -> bool:
        return self.direction == "topbottom"

    def tried(self, seed: int) -> Iterator[_Drawn]:
        """The picture with what the file has as the beginning, and with what the engine chooses."""
        for hints in (self.as_written(), {}):
            free = self.arranged(_Asked(seed, hints))
            ends = self.ends_beside_loops(free)
            for ports in self.port_orders(free):
                picture = self.drawn(self.arranged(_Asked(seed, hints, ports, ends)))
                faults = collisions([card.box for card in picture.cards], picture.lines)
                bends = sum(len(line.points) - 2 for line in picture.lines)
                yield _Drawn(picture, faults, crossings_among(picture.lines), bends)

    def as_the_file_has_it(self) -> _Placed:
        """The arrangement with what the file has as the beginning."""
        hints = self.as_written()
        free = self.arranged(_Asked(SEEDS[0], hints, quick=True))
        ports = next(iter(self.port_orders(free)))
        return self.arranged(_Asked(SEEDS[0], hints, ports, self.ends_beside_loops(free)))

    def width(self, placed: _Placed) -> int:
        """Of its picture, near enough to choose by."""
        left, _ = placed.origin()
        return round(max(x + self.faces[card].width for card, (x, _) in placed.corners.items()) - left) + 2 * MARGIN

    def as_written(self) -> dict[str, tuple[float, float]]:
        """Where the cards would stand side by side in the order in which the ways lead to them."""
        ahead: dict[str, list[str]] = {}
        for bundle in self.bundles:
            if not bundle.refers:
                ahead.setdefault(bundle.source, []).append(bundle.target)
        order: dict[str, tuple[float, float]] = {}
        left = [node.id for node in reversed(self.graph.nodes)]
        while left:
            node = left.pop()
            if node not in order:
                order[node] = (float(len(order)), 0.0) if self._down else (0.0, float(len(order)))
                left += reversed(ahead.get(node, []))
        return order

    def arranged(self, wish: _Asked) -> _Placed:
        """Ask the engine."""
        asked = graphlay.Graph()
        ports, ends = wish.ports, wish.ends
        # A step's name may hold what the engine cannot read.
        names = {
            node.id: node.id if readable(node.id) == node.id else str(number)
            for number, node in enumerate(self.graph.nodes)
        }
        for node in self.graph.nodes:
            face = self.faces[node.id]
            asked.node(
                names[node.id],
                width=face.width + (2 * face.room if self._down else face.strip),
                height=face.height + (face.strip if self._down else 2 * face.room),
                **_position(wish.hints.get(node.id)),
            )
        drawn = [place for place, bundle in enumerate(self.bundles) if not (bundle.loops or bundle.refers)]
        for place in drawn:
            bundle = self.bundles[place]
            asked.edge(
                names[bundle.source],
                names[bundle.target],
                weight=1.0 if bundle.kind == "error" else 2.0,
                source_port=self._port("bottom" if self._down else "right", bundle.source, ports.get(place)),
                target_port=self._port("top" if self._down else "left", bundle.target, ends.get(place)),
                reverse_for_ranking=(bundle.source, bundle.target) in self.back,
            )
        answer = graphlay.layout(asked, preset="process_map", options=self._options(wish))
        corners = {}
        for node, found in zip(self.graph.nodes, answer.nodes, strict=True):
            room, centre, size = self.faces[node.id].room, found["center"], found["size"]
            x, y = centre["x"] - size["width"] / 2, centre["y"] - size["height"] / 2
            corners[node.id] = (x + room, y) if self._down else (x, y + room)
        points = {
            place: [(point["x"], point["y"]) for point in found["points"]]
            for place, found in zip(drawn, answer.edges, strict=True)
        }
        return _Placed(corners, points, ports)

    def _options(self, wish: _Asked) -> dict[str, object]:
        # "structure" begins with the order of the positions that the cards carry.
        begun = {"seed_mode": "structure"} if wish.hints else {}
        effort = {"effort": "fast"} if wish.quick else {}
        return {"direction": self.direction, "seed": wish.seed, **begun, **effort, **_OPTIONS}

    def _port(self, side: str, card: str, offset: float | None) -> dict[str, object]:
        if offset is None:
            return {"side": side}
        face = self.faces[card]
        half = (face.width if self._down else face.height) / 2 + face.room
        # The engine counts from -1 to 1; at an upright side, downwards.
        return {"offset": {"side": side, "t": offset / half}}

    def ends_beside_loops(self, free: _Placed) -> dict[int, float]:
        """Where ways arrive at a card with room for a loop: within the card, in the order that the engine chose."""
        axis = 0 if self._down else 1
        arriving: dict[str, list[int]] = {}
        for place in free.points:
            if self.faces[self.bundles[place].target].room:
                arriving.setdefault(self.bundles[place].target, []).append(place)
        return {
            place: (nth - (len(places) - 1) / 2) * PORT_GAP
            for places in arriving.values()
            for nth, place in enumerate(sorted(places, key=lambda place: free.points[place][-1][axis]))
        }

    def port_orders(self, free: _Placed) -> Iterator[Mapping[int, float]]:
        """Where the ways may leave: as the file has them, which reads best, and as the engine chose."""
        axis = 0 if self._down else 1

        def last(place: int) -> int:
            return self.bundles[place].loops

        def as_written(place: int) -> tuple[float, ...]:
            return last(place), place

        def as_chosen(place: int) -> tuple[float, ...]:
            here = free.points[place][0][axis] if place in free.points else float("inf")
            return last(place), here, place

        by_card = sorted(range(len(self.bundles)), key=lambda place: (self.bundles[place].source, place))
        for order in (as_written, as_chosen):
            ports: dict[int, float] = {}
            for _, ways in groupby(by_card, key=lambda place: self.bundles[place].source):
                ports.update(self._spread(self._with_keys_in_order(sorted(ways, key=order))))
            yield ports

    def _with_keys_in_order(self, places: Sequence[int]) -> list[int]:
        """Whatever else moves, keys stand as they lie on a telephone: that is how people look for them."""
        keys = sorted(
            (place for place in places if self.bundles[place].first_key is not None),
            key=lambda place: self.bundles[place].first_key or 0,
        )
        left = iter(keys)
        return [next(left) if self.bundles[place].first_key is not None else place for place in places]

    def _spread(self, places: Sequence[int]) -> Iterator[tuple[int, float]]:
        """Each way's distance from the card's axis, labels side by side.

        All of them centred; but where the call simply goes on and its labels leave room, that line keeps to the axis,
        so that a chain of steps stands straight.
        """
        gap = WAY_GAPS[self.direction]
        sizes = {place: self.bundles[place].across(self.direction) for place in places}
        begin = -(sum(sizes.values()) + gap * (len(sizes) - 1)) / 2
        plain = [place for place in places if not (self.bundles[place].labels or self.bundles[place].refers)]
        if len(plain) == 1:
            here = places.index(plain[0])
            before = sum(sizes[place] + gap for place in places[:here]) + sizes[plain[0]] / 2
            after = sum(sizes[place] + gap for place in places[here + 1 :]) + sizes[plain[0]] / 2
            face = self.faces[self.bundles[plain[0]].source]
            if max(before, after) <= (face.width if self._down else face.height) / 2:
                begin = -before
        for place in places:
            yield place, begin + sizes[place] / 2
            begin += sizes[place] + gap

    def drawn(self, placed: _Placed) -> Picture:
        """Everything moved to where the picture begins, in whole pixels."""
        left, top = placed.origin()
        header = HEADER_HEIGHT if self.graph.note else HEADER_HEIGHT - 14
        dx, dy = MARGIN - left, MARGIN + header - top
        cards = {}
        for node in self.graph.nodes:
            x, y = placed.corners[node.id]
            face = self.faces[node.id]
            cards[node.id] = Card(node, Box(round(x + dx), round(y + dy), face.width, face.height), face.rows)
        lines = []
        loops_left = Counter(bundle.source for bundle in self.bundles if bundle.loops)
        for place, bundle in enumerate(self.bundles):
            box = cards[bundle.source].box
            offset = placed.ports[place]
            start = self._start(box, offset)
            tags, reference = self._labels(bundle, start)
            if bundle.loops:
                loops_left[bundle.source] -= 1
                points = self._loop(box, start, tags, loops_left[bundle.source])
            elif reference:
                end = (start[0], reference.box.y) if self._down else (reference.box.x, start[1])
                points = (start, end)
            else:
                route = straight([(round(x + dx), round(y + dy)) for x, y in placed.points[place]])
                # The engine's line begins below the labels; ours at the card.
                start = (route[0][0], box.bottom) if self._down else (box.right, route[0][1])
                points = (start, *route[1:])
            lines.append(Line(bundle.source, bundle.target, bundle.kind, bundle.mark, points, tags, reference))
        apart = separated([card.box for card in cards.values()], lines)
        return _framed(self.graph, tuple(cards.values()), tuple(apart))

    def _start(self, box: Box, offset: float) -> tuple[int, int]:
        if self._down:
            return round(box.x + box.width / 2 + offset), box.bottom
        return box.right, round(box.y + box.height / 2 + offset)

    def _labels(self, bundle: _Bundle, start: tuple[int, int]) -> tuple[tuple[Tag, ...], Tag | None]:
        if self._down:
            x, y = start[0] - bundle.label_width // 2, start[1] + LABEL_OFFSET
        else:
            x, y = start[0] + LABEL_OFFSET, start[1] - TAG_HEIGHT // 2
        tags = []
        for edge in bundle.edges:
            if edge.label:
                width = tag_width(edge.label)
                tags.append(Tag(Box(x, y, width, TAG_HEIGHT), edge.label, is_key(edge.label), edge.mark))
                x += width + TAG_GAP
        if not bundle.refers:
            return tuple(tags), None
        width = tag_width(bundle.reference)
        if self._down:
            x, y = start[0] - width // 2, y + TAG_HEIGHT + REFERENCE_ARROW - LABEL_CLEARANCE + 4
        else:
            x = start[0] + LABEL_OFFSET + bundle.label_width + REFERENCE_ARROW
        return tuple(tags), Tag(Box(x, y, width, TAG_HEIGHT), bundle.reference, is_key=False, mark=bundle.mark)

    def _loop(self, box: Box, start: tuple[int, int], tags: Sequence[Tag], nth: int) -> tuple[tuple[int, int], ...]:
        """From the card around its corner into its side, the nth around those before it."""
        (x, y), out = start, LOOP_GAP * nth
        if self._down:
            below, beside = box.bottom + LABEL_OFFSET + TAG_HEIGHT + 4 + out, box.right + 12 + out
            into = box.y + 24 - out
            return start, (x, below), (beside, below), (beside, into), (box.right, into)
        beyond = max((tag.box.right for tag in tags), default=x) + 10 + out
        below, into = box.bottom + 12 + out, box.right - 24 - out
        return start, (beyond, y), (beyond, below), (into, below), (into, box.bottom)


_OPTIONS = {
    "spacing": {"layer_gap": LAYER_GAP, "node_gap": NODE_GAP, "dummy_gap": 22, "port_gap": PORT_GAP},
    # Lines between the same two cards differ in kind or in mark: they must not lie on one another.
    "routing": {"bundle_parallel": False},
}


def _framed(graph: Graph, cards: tuple[Card, ...], lines: tuple[Line, ...]) -> Picture:
    boxes = [card.box for card in cards] + [tag.box for line in lines for tag in (*line.tags, line.reference) if tag]
    right = max([box.right for box in boxes] + [x for line in lines for x, _ in line.points])
    bottom = max([box.bottom for box in boxes] + [y for line in lines for _, y in line.points])
    title = MARGIN + round(max(TITLE.width(graph.name), NOTE.width(graph.note)))
    width, height = max(right, title) + MARGIN, bottom + MARGIN + LEGEND_HEIGHT
    return Picture(graph.name, graph.note, width, height, cards, lines)
