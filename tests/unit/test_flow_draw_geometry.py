"""Nothing in a picture lies on anything else, whatever the flow's size and shape."""

import random
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import graphlay
import pytest

from dialtone.flow.parser import read_flow
from infra.flowkit.drawing.edge_routing import Segment, collisions, crossings_among, segments
from infra.flowkit.drawing.graph import Graph, graph_of
from infra.flowkit.drawing.picture import MOST_LINES_INTO_A_CARD, picture_of
from infra.flowkit.drawing.shapes import Box, Picture
from infra.flowkit.drawing.svg import svg_of

SIZES = (5, 20, 60)
ENDINGS = ("  nobody:", "    say: Nobody is there.", "    next: bye", "  bye: hangup", "  sorry:", "    say: Sorry.")


def tree(steps: int) -> Graph:
    """A menu of menus, four keys each, with star to go back."""
    names = ["main"]
    parents = {"main": ""}
    children: dict[str, list[str]] = {}
    for parent in names:
        room = steps - len(ENDINGS) // 2 - len(names)
        children[parent] = [f"{parent}-{key}" for key in range(1, min(4, room) + 1)]
        names += children[parent]
        parents |= dict.fromkeys(children[parent], parent)
    lines = []
    for name in names:
        lines.append(f"  {name}:")
        if not children[name]:
            lines += [f"    say: All about {name}, which is what you called for.", "    next: bye"]
            continue
        lines += [f"    menu: This is {name}. Choose.", "    otherwise: bye", "    keys:"]
        lines += [f"      {key}: {child}" for key, child in enumerate(children[name], 1)]
        lines += [f'      "*": {parents[name]}'] if parents[name] else []
    return graph("tree", lines)


def chain(steps: int) -> Graph:
    """One step after another."""
    lines = [
        line for place in range(steps - 3) for line in (f"  s{place}:", "    say: Listen.", "    on_error: nobody")
    ]
    return graph("chain", [*lines, "    next: bye"])


def thicket(steps: int, seed: int) -> Graph:
    """Steps of every kind that lead ahead, back and to themselves, as chance has it."""
    chance = random.Random(seed)
    names = [f"step-{place}" for place in range(steps - 3)]

    def ahead(place: int) -> str:
        return names[min(len(names) - 1, place + chance.choice([1, 1, 2, 3, 4]))]

    def back(place: int) -> str:
        return names[max(0, place - chance.randint(0, 5))]

    lines = []
    for place, name in enumerate(names):
        bodies = (
            ["    say: " + "You hear this. " * chance.randint(1, 9)],
            [
                "    menu: Press something.",
                "    keys:",
                *(f"      {key}: {ahead(place)}" for key in range(1, chance.randint(2, 9))),
                f'      "*": {back(place)}',
                f"    otherwise: {chance.choice(['bye', 'nobody', ahead(place)])}",
            ],
            ["    collect: Your account.", "    into: account", "    digits: 8", "    otherwise: nobody"],
            ['    transfer: "+15550199"', "    busy: nobody", f"    no_answer: {ahead(place)}", "    next: bye"],
            ["    play: {media: tune}", "    keys:", f"      5: {ahead(place)}", f"      6: {back(place)}"],
            ["    record: Speak after the tone.", "    max_seconds: 60", "    on_error: nobody"],
        )
        lines += [f"  {name}:", *chance.choice(bodies)]
    return graph("thicket", lines)


def graph(name: str, lines: list[str]) -> Graph:
    text = "\n".join([f"flow: {name}", "last_resort: sorry", "steps:", *lines, *ENDINGS, ""])
    return graph_of(read_flow(f"{name}.yaml", text), ["+15550100"])


SHAPES = [f"{kind}-{size}" for kind in ("tree", "chain") for size in SIZES]
SHAPES += [f"thicket-{size}-{seed}" for size in SIZES for seed in range(6)]


@cache
def graph_of_shape(shape: str) -> Graph:
    kind, *numbers = shape.split("-")
    size = int(numbers[0])
    if kind == "thicket":
        return thicket(size, seed=int(numbers[1]))
    return tree(size) if kind == "tree" else chain(size)


@cache
def drawn(shape: str) -> Picture:
    return picture_of(graph_of_shape(shape))


def labels(picture: Picture) -> list[Box]:
    return [tag.box for line in picture.lines for tag in (*line.tags, line.reference) if tag]


def crossings_in(picture: Picture) -> int:
    """Each line with each other: what the grid that the drawing looks them up in must not miss."""
    pieces = [segments(line.points) for line in picture.lines]
    return sum(here.crosses(there) for one, other in combinations(pieces, 2) for here in one for there in other)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_card_lies_on_another(shape: str) -> None:
    picture = drawn(shape)

    assert not [1 for one, other in combinations(picture.cards, 2) if one.box.overlaps(other.box)]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_label_lies_on_another_or_on_a_card(shape: str) -> None:
    picture = drawn(shape)

    boxes = labels(picture)
    assert not [(one, other) for one, other in combinations(boxes, 2) if one.overlaps(other)]
    assert not [(box, card.node.id) for box in boxes for card in picture.cards if box.overlaps(card.box)]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_line_runs_through_a_card(shape: str) -> None:
    picture = drawn(shape)

    assert not [
        (line.source, line.target, card.node.id)
        for line in picture.lines
        for piece in segments(line.points)
        for card in picture.cards
        if piece.enters(card.box)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_line_runs_through_anothers_label(shape: str) -> None:
    picture = drawn(shape)

    assert not [
        (line.source, line.target, tag.text)
        for line in picture.lines
        for piece in segments(line.points)
        for other in picture.lines
        if other is not line
        for tag in (*other.tags, other.reference)
        if tag and piece.enters(tag.box)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_two_lines_lie_on_one_another(shape: str) -> None:
    picture = drawn(shape)

    assert not [
        ((one.source, one.target), (other.source, other.target))
        for one, other in combinations(picture.lines, 2)
        for piece in segments(one.points)
        for another in segments(other.points)
        if piece.touches(another)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_line_goes_from_its_card_to_its_target_in_level_and_upright_pieces(shape: str) -> None:
    picture = drawn(shape)

    cards = {card.node.id: card.box for card in picture.cards}
    for line in picture.lines:
        assert _on_the_edge(cards[line.source], line.points[0])
        assert _on_the_edge(line.reference.box if line.reference else cards[line.target], line.points[-1])
        assert all(here[0] == there[0] or here[1] == there[1] for here, there in pairwise(line.points))


def _on_the_edge(box: Box, point: tuple[int, int]) -> bool:
    x, y = point
    inside = box.x <= x <= box.right and box.y <= y <= box.bottom
    return inside and (x in {box.x, box.right} or y in {box.y, box.bottom})


@pytest.mark.parametrize("shape", SHAPES)
def test_everything_is_within_the_picture(shape: str) -> None:
    picture = drawn(shape)

    boxes = [card.box for card in picture.cards] + labels(picture)
    points = [point for line in picture.lines for point in line.points]
    assert min(box.x for box in boxes) >= 0
    assert max(box.right for box in boxes) <= picture.width
    assert max(box.bottom for box in boxes) <= picture.height
    assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in points)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_is_drawn_with_its_label(shape: str) -> None:
    picture = drawn(shape)

    asked = graph_of_shape(shape)
    drawn_labels = {(line.source, line.target, tag.text) for line in picture.lines for tag in line.tags}
    assert {(edge.source, edge.target) for edge in asked.edges} == {
        (line.source, line.target) for line in picture.lines
    }
    assert {(edge.source, edge.target, edge.label) for edge in asked.edges if edge.label} <= drawn_labels


@pytest.mark.parametrize("shape", SHAPES)
def test_no_card_is_crowded_with_lines(shape: str) -> None:
    picture = drawn(shape)

    for card in picture.cards:
        into = [line for line in picture.lines if line.target == card.node.id and not line.reference]
        from_others = [line for line in into if line.source.startswith("step:") and line.source != line.target]
        assert len(from_others) <= MOST_LINES_INTO_A_CARD


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_and_a_chain_are_drawn_without_any_crossing(size: int) -> None:
    assert crossings_in(picture_of(tree(size))) == 0
    assert crossings_in(picture_of(chain(size))) == 0


@pytest.mark.parametrize(("size", "most"), [(5, 3), (20, 7), (60, 30)])
@pytest.mark.parametrize("seed", range(6))
def test_a_thicket_has_few_crossings(size: int, most: int, seed: int) -> None:
    assert crossings_in(picture_of(thicket(size, seed))) <= most


def test_a_chain_stands_straight() -> None:
    picture = picture_of(chain(20))

    steps = [card for card in picture.cards if card.node.name.startswith("s") and card.node.name != "sorry"]
    assert len({card.box.middle for card in steps}) == 1
    assert [card.node.name for card in sorted(steps, key=lambda card: card.box.y)] == [card.node.name for card in steps]


def test_a_flow_is_read_from_top_to_bottom_and_a_broad_one_from_left_to_right() -> None:
    narrow, broad = picture_of(tree(5)), picture_of(tree(20))

    assert narrow.cards[0].box.bottom < narrow.cards[1].box.y
    assert broad.cards[0].box.right < broad.cards[1].box.x


def test_the_same_flow_is_drawn_the_same_every_time() -> None:
    assert svg_of(picture_of(thicket(60, 1))) == svg_of(picture_of(thicket(60, 1)))


@pytest.mark.parametrize("shape", ["thicket-60-0", "thicket-60-1", "tree-60"])
def test_what_is_found_by_place_is_what_is_there(shape: str) -> None:
    picture = drawn(shape)
    moved = [
        replace(line, points=tuple((x + 3 * n, y) for x, y in line.points)) for n, line in enumerate(picture.lines)
    ]
    pieces = [segments(line.points) for line in moved]
    cards = [card.box for card in picture.cards]

    shaken = replace(picture, lines=tuple(moved))
    upon = sum(here.touches(there) for one, other in combinations(pieces, 2) for here in one for there in other)
    through = sum(piece.enters(box) for line in pieces for piece in line for box in cards)
    hidden = sum(
        piece.enters(tag.box)
        for place, line in enumerate(pieces)
        for other, labelled in enumerate(moved)
        for piece in line
        for tag in (*labelled.tags, labelled.reference)
        if tag and other != place
    )
    assert crossings_among(moved) == crossings_in(shaken) > 0
    assert collisions(cards, moved) == upon + through + hidden > 0


def test_the_work_grows_as_the_flow_does(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Counter[str]()

    def counted(name: str) -> None:
        plain = getattr(Segment, name)

        def count(piece: Segment, other: Any) -> bool:  # noqa: ANN401 -- a segment or a box
            compared[name] += 1
            return bool(plain(piece, other))

        monkeypatch.setattr(Segment, name, count)

    for name in ("touches", "crosses", "enters"):
        counted(name)
    work = []
    for size in (210, 420):
        compared.clear()
        picture_of(tree(size))
        work.append(compared.total())

    assert work[1] < 3 * work[0]


def test_a_large_flow_is_arranged_at_most_four_times(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    plain = graphlay.layout

    def layout(graph: Any, **options: Any) -> Any:  # noqa: ANN401 -- graphlay's own
        asked.append(graph)
        return plain(graph, **options)

    monkeypatch.setattr(graphlay, "layout", layout)

    picture_of(tree(300))

    assert len(asked) <= 4
