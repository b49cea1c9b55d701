"""A picture as SVG: one file, no fonts, no links, the same bytes for the same flow."""

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from infra.flowkit.drawing.graph import Mark
from infra.flowkit.drawing.picture import CAP, HEADER_HEIGHT, MARGIN, NOTE, PILL_HEIGHT, TITLE, WORDS
from infra.flowkit.drawing.shapes import Card, Line, Picture, Tag
from infra.flowkit.drawing.text_metrics import FONT_FAMILY, TextMetrics, readable

_SPEAKING, _ASKING, _RECORDING = "#1f6feb", "#7b4fc9", "#c2334d"
_CONNECTING, _DECIDING, _ENDING = "#0f7b6c", "#9a6700", "#57606a"

_COLOURS = {
    "say": _SPEAKING,
    "play": _SPEAKING,
    "menu": _ASKING,
    "choose_language": _ASKING,
    "collect": _ASKING,
    "record": _RECORDING,
    "recording": _RECORDING,
    "transfer": _CONNECTING,
    "conference": _CONNECTING,
    "queue": _CONNECTING,
    "take_from": _CONNECTING,
    "lookup": _CONNECTING,
    "answered_by": _DECIDING,
    "branch": _DECIDING,
    "split": _DECIDING,
    "hours": _DECIDING,
    "opt_out": _DECIDING,
    "set": _DECIDING,
    "go": _DECIDING,
}
"""A kind's colour; a kind that is not here is drawn in grey, like an end."""

_ADDED, _REMOVED, _CHANGED = "#0072b2", "#d55e00", "#8a6d00"
"""Distinguishable with every kind of colour vision (Okabe and Ito), and by sign and line as well."""

_SIGNS = {Mark.ADDED: "+", Mark.REMOVED: "−", Mark.CHANGED: "~"}  # noqa: RUF001 -- a minus sign

LEGEND_LINE = 30
"""The length of a sample in the legend."""

_CORNER = 7
_ARROW = 7

_PALETTES: Mapping[str, Mapping[str, str]] = {
    "light": {
        "paper": "#fff",
        "card": "#fff",
        "edge": "#d0d7de",
        "pill": "#f6f8fa",
        "reference": "#eaeef2",
        "text": "#24292f",
        "quiet": "#57606a",
        "faint": "#8c959f",
        "line": "#424a53",
        "deciding": _DECIDING,
        "added": _ADDED,
        "removed": _REMOVED,
        "changed": _CHANGED,
        "sign": "#fff",
    },
    "dark": {
        "paper": "#0d1117",
        "card": "#161b22",
        "edge": "#3d444d",
        "pill": "#21262d",
        "reference": "#2d333b",
        "text": "#e6edf3",
        "quiet": "#9ea7b3",
        "faint": "#7d8590",
        "line": "#adbac7",
        "deciding": "#d4a72c",
        "added": "#58a6ff",
        "removed": "#f0883e",
        "changed": "#d4a72c",
        "sign": "#0d1117",
    },
}
"""What each colour is on paper and on a dark screen."""


def _variables(palette: str) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in _PALETTES[palette].items())


STYLE = f"""
svg {{ {_variables("light")} }}
@media (prefers-color-scheme: dark) {{ svg {{ {_variables("dark")} }} }}
text {{ font-family: {FONT_FAMILY}; fill: var(--text); }}
.paper {{ fill: var(--paper); }}
.name, .title, .key text {{ font-weight: bold; }}
.kind, .details, .words text, .note, .legend text {{ fill: var(--quiet); }}
.before {{ fill: var(--faint); text-decoration: line-through; }}
.card rect.body {{ fill: var(--card); stroke: var(--edge); }}
.pill rect {{ fill: var(--pill); stroke: var(--faint); }}
.pill.fault rect {{ stroke-dasharray: 4 3; }}
.halo {{ fill: none; stroke: var(--paper); stroke-width: 6; }}
.line {{ fill: none; stroke: var(--line); stroke-width: 1.6; }}
.tip {{ fill: var(--line); }}
.error .line {{ stroke: var(--faint); stroke-width: 1.3; stroke-dasharray: 5 4; }}
.error .tip {{ fill: var(--faint); }}
.hours .line {{ stroke: var(--deciding); stroke-width: 1.3; stroke-dasharray: 9 4; }}
.hours .tip {{ fill: var(--deciding); }}
.key rect {{ fill: var(--card); stroke: var(--line); stroke-width: 1.3; }}
.words rect {{ fill: var(--card); stroke: var(--edge); }}
.reference rect {{ fill: var(--reference); }}
.added .line {{ stroke: var(--added); stroke-width: 2.6; }}
.added .tip, .added > .sign {{ fill: var(--added); }}
.removed .line {{ stroke: var(--removed); stroke-width: 2; stroke-dasharray: 2 4; }}
.removed .tip, .removed > .sign {{ fill: var(--removed); }}
.changed > .sign {{ fill: var(--changed); }}
.changed .line {{ stroke: var(--changed); stroke-width: 2.6; stroke-dasharray: 12 3; }}
.changed .tip {{ fill: var(--changed); }}
.card.added rect.body, .added rect {{ stroke: var(--added); stroke-width: 2.6; }}
.card.removed rect.body, .removed rect {{ stroke: var(--removed); stroke-width: 2; stroke-dasharray: 2 4; }}
.card.removed text {{ opacity: 0.65; }}
.changed > rect {{ stroke: var(--changed); stroke-width: 2; }}
.card.changed rect.body {{ stroke: var(--changed); stroke-width: 2.6; stroke-dasharray: 12 3; }}
.sign + text {{ fill: var(--sign); font-weight: bold; opacity: 1; }}
""".strip()
"""What a picture in a file brings along, and a page has once for all its pictures."""


def svg_of(picture: Picture, *, on_page: bool = False) -> str:
    """The file's content; for a page that has STYLE, and wants to find cards and lines by their nodes, without it."""
    title = quoteattr(readable(picture.title))
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={title}>',
            *([] if on_page else [f"<style>{STYLE}</style>"]),
            f'<rect class="paper" width="{picture.width}" height="{picture.height}" rx="10"/>',
            *_header(picture),
            # What seldom happens lies below what should; labels and cards above all lines.
            *(_line(line, on_page) for line in sorted(picture.lines, key=lambda line: line.kind != "error")),
            *(_tag(tag, "key" if tag.is_key else "words", line) for line in picture.lines for tag in line.tags),
            *(_tag(line.reference, "reference", line) for line in picture.lines if line.reference),
            *(_card(card, on_page) for card in picture.cards),
            *_legend(picture),
            "</svg>\n",
        ]
    )


def _text(x: float, y: float, text: str, style: str, metrics: TextMetrics) -> str:
    """`textLength` keeps the words in their place where the face is another one than measured."""
    length = round(metrics.width(text), 1)
    return (
        f'<text class="{style}" x="{x:g}" y="{y:g}" font-size="{metrics.size:g}" '
        f'textLength="{length:g}" lengthAdjust="spacingAndGlyphs">{escape(readable(text))}</text>'
    )


def _header(picture: Picture) -> Iterator[str]:
    yield _text(MARGIN, MARGIN + 14, picture.title, "title", TITLE)
    if picture.note:
        y = MARGIN + HEADER_HEIGHT - 20
        yield f'<circle cx="{MARGIN + 4}" cy="{y - 4}" r="4" fill="{_RECORDING}"/>'
        yield _text(MARGIN + 14, y, picture.note, "note", NOTE)


def _line(line: Line, on_page: bool) -> str:  # noqa: FBT001 -- as svg_of has it
    path = _path(line.points)
    if len(line.tags) > 1:
        first, last = line.tags[0].box, line.tags[-1].box
        path += f"M{first.middle} {first.y + first.height // 2}H{last.middle}"
    source, target = quoteattr(readable(line.source)), quoteattr(readable(line.target))
    ends = f" data-from={source} data-to={target}" if on_page else ""
    return (
        f'<g class="{line.kind} {line.mark.value}"{ends}><path class="halo" d="{path}"/>'
        f'<path class="line" d="{path}"/>{_tip(line.points)}</g>'
    )


def _path(points: tuple[tuple[int, int], ...]) -> str:
    """Straight pieces with round corners; it ends where the arrow's tip begins."""
    ends = [*points[:-1], _towards(points[-1], points[-2], _ARROW - 1)]
    parts = [f"M{ends[0][0]} {ends[0][1]}"]
    for before, here, after in zip(ends, ends[1:], ends[2:], strict=False):
        into, out = _towards(here, before, _half(here, before)), _towards(here, after, _half(here, after))
        parts.append(f"L{into[0]} {into[1]}Q{here[0]} {here[1]} {out[0]} {out[1]}")
    return "".join([*parts, f"L{ends[-1][0]} {ends[-1][1]}"])


def _half(here: tuple[int, int], there: tuple[int, int]) -> int:
    """A corner takes at most half of the piece between two corners."""
    return min(_CORNER, (abs(here[0] - there[0]) + abs(here[1] - there[1])) // 2)


def _towards(here: tuple[int, int], there: tuple[int, int], distance: int) -> tuple[int, int]:
    dx, dy = there[0] - here[0], there[1] - here[1]
    return here[0] + distance * ((dx > 0) - (dx < 0)), here[1] + distance * ((dy > 0) - (dy < 0))


def _tip(points: tuple[tuple[int, int], ...]) -> str:
    (x, y), (bx, by) = points[-1], _towards(points[-1], points[-2], _ARROW)
    across, along = (4, 0) if by != y else (0, 4)
    return f'<path class="tip" d="M{x} {y}L{bx - across} {by - along}L{bx + across} {by + along}Z"/>'


def _tag(tag: Tag, style: str, line: Line) -> str:
    metrics, box = CAP if tag.is_key else WORDS, tag.box
    x = box.x + (box.width - metrics.width(tag.text)) / 2
    drop = 5 if tag.text == "*" else 0  # the asterisk hangs high
    return (
        f'<g class="{style} {line.kind} {tag.mark.value}">'
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="{4 if tag.is_key else 9}"/>'
        f"{_text(round(x, 1), box.y + 13 + drop / 2, tag.text, '', metrics)}</g>"
    )


def _card(card: Card, on_page: bool) -> str:  # noqa: FBT001 -- as svg_of has it
    node, box = card.node, card.box
    named = f" data-node={quoteattr(readable(node.id))}" if on_page else ""
    inside = "".join(
        _text(round(box.x + row.x, 1), round(box.y + row.y, 1), row.text, row.style, row.metrics) for row in card.rows
    )
    place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    if node.role != "step":
        return (
            f'<g class="pill {node.role} {node.mark.value}"{named}><rect {place} rx="{PILL_HEIGHT // 2}"/>{inside}</g>'
        )
    colour = _COLOURS.get(node.kind, _ENDING)
    bar = f'<path fill="{colour}" d="M{box.x + 6} {box.y}h-1a5 5 0 0 0 -5 5v{box.height - 10}a5 5 0 0 0 5 5h1z"/>'
    reported = escape(readable("\n".join(filter(None, (node.name, node.text, node.details)))))
    return (
        f'<g class="card {node.mark.value}"{named}><title>{reported}</title><rect class="body" {place} rx="6"/>'
        f"{bar}{inside}{_sign(card)}</g>"
    )


def _sign(card: Card) -> str:
    sign = _SIGNS.get(card.node.mark)
    if sign is None:
        return ""
    x, y = card.box.right - 4, card.box.y + 3
    width = TITLE.width(sign) * 0.7
    return (
        f'<circle class="sign" cx="{x}" cy="{y}" r="9"/>'
        f'<text x="{x - width / 2:g}" y="{y + 4.5:g}" font-size="13">{sign}</text>'
    )


def _legend(picture: Picture) -> Iterator[str]:
    """What the lines mean, of those that are there."""
    x, y = MARGIN, picture.height - MARGIN + 6
    yield '<g class="legend">'
    kinds = {"next" if line.kind == "choice" else line.kind for line in picture.lines}
    marks = {line.mark for line in picture.lines} | {card.node.mark for card in picture.cards}
    samples = [(kind, Mark.SAME.value, words) for kind, words in _KINDS_IN_WORDS if kind in kinds] + [
        ("", mark.value, mark.value) for mark in _SIGNS if mark in marks
    ]
    for kind, mark, words in samples:
        points = ((x, y), (x + LEGEND_LINE, y))
        yield f'<g class="{kind} {mark}"><path class="line" d="{_path(points)}"/>{_tip(points)}</g>'
        yield _text(x + LEGEND_LINE + 6, y + 4, words, "", WORDS)
        x += LEGEND_LINE + round(WORDS.width(words)) + 28
    yield "</g>"


_KINDS_IN_WORDS = (
    ("next", "goes on; by a key or a finding where one is shown"),
    ("hours", "by the hour"),
    ("error", "no answer, or an error"),
)
