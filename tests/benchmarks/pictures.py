"""Charts as SVG, light or dark as their reader is: the same figures always give the same file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from infra.flowkit.drawing.text_metrics import FONT_FAMILY, TextMetrics
from infra.output.palette import colours_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH = 640
"""Of a chart in pixels. What belongs together stands one above the other, so that a narrow screen shrinks it little."""
MARGIN, TITLE_HEIGHT, LEGEND_LINE = 16, 40, 20
PLOT_HEIGHT, AXIS_WIDTH, AXIS_NAME, TICKS_HEIGHT = 210, 58, 34, 42
BAR, BAR_GAP, BAR_LABEL = 26, 12, 216
TICKS = 5
SMALL = TextMetrics(13)

OURS, OTHER, THIRD, FLOOR = "one", "two", "three", "floor"
"""Dialtone, what it is compared with, and what neither can go below: grey and broken, never a colour."""
SOLID, BROKEN, DOTTED = "", "broken", "dotted"

_STYLE = f"""
{colours_for("svg")}
text {{ font: 13px {FONT_FAMILY}; fill: var(--ink); }} .title {{ font-size: 17px; font-weight: bold; }}
.dim {{ fill: var(--dim); }} .end {{ text-anchor: end; }} .middle {{ text-anchor: middle; }} .b {{ font-weight: bold; }}
.paper {{ fill: var(--card); }} .rule {{ stroke: var(--rule); }} .axis {{ stroke: var(--edge); }}
.curve {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
.curve.broken {{ stroke-dasharray: 7 4; }} .curve.dotted {{ stroke-dasharray: 2 3; }}
.curve.one {{ stroke: var(--one); }} .curve.two {{ stroke: var(--two); }} .curve.three {{ stroke: var(--three); }}
.curve.floor {{ stroke: var(--dim); stroke-dasharray: 4 4; }}
:is(rect, circle).one {{ fill: var(--one); }} :is(rect, circle).two {{ fill: var(--two); }}
:is(rect, circle).three {{ fill: var(--three); }} :is(rect, circle).floor {{ fill: var(--dim); }}
.beside {{ opacity: .5; }}
""".strip()


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot."""

    name: str
    points: Sequence[tuple[float, float]]
    series: str = OURS
    stroke: str = SOLID
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves over one pair of axes, whose names end with their units: "latency, ms"."""

    x: str
    y: str
    curves: Sequence[Curve]
    x_by_factor: bool = False
    """Whether equal distances are equal factors; so with `y_by_factor`."""
    y_by_factor: bool = False


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a value lies between two places of the picture."""

    least: float
    most: float
    begins: float
    ends: float
    by_factor: bool

    def place(self, value: float) -> float:
        of = math.log if self.by_factor else float
        share = (of(value) - of(self.least)) / (of(self.most) - of(self.least))
        return self.begins + share * (self.ends - self.begins)

    def ticks(self) -> list[float]:
        if not self.by_factor:
            return [self.least + (self.most - self.least) * each / TICKS for each in range(TICKS + 1)]
        powers = range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1)
        every: list[float] = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        return [each for each in every if self.least <= each <= self.most]


def chart(title: str, plots: Sequence[Plot]) -> bytes:
    """The plots one above the other, below a title that says what is to be seen."""
    body, y = [], float(TITLE_HEIGHT)
    for plot in plots:
        legend = _legend(plot.curves)
        body += [part for row, items in enumerate(legend) for part in _legend_line(items, y + LEGEND_LINE * row)]
        top = y + LEGEND_LINE * len(legend) + AXIS_NAME
        body += _plot(plot, top)
        y = top + PLOT_HEIGHT + TICKS_HEIGHT + 14
    return _svg(title, y, body)


def bars(title: str, unit: str, phases: Sequence[str], rows: Mapping[str, Sequence[float]], ours: str) -> bytes:
    """A bar for each row, stacked of its phases; all but that of `ours` are there to be compared with, and paler."""
    most = _round_above(max(map(sum, rows.values())))
    scale = _Scale(0, most, MARGIN + BAR_LABEL, WIDTH - MARGIN - 66, by_factor=False)
    body = list(_legend_line([Curve(name, (), series) for name, series in zip(phases, _PHASES, strict=True)], 40.0))
    top = TITLE_HEIGHT + LEGEND_LINE + 8
    bottom = top + len(rows) * (BAR + BAR_GAP)
    for tick in scale.ticks():
        x = scale.place(tick)
        body.append(f'<path class="rule" d="M{x:.1f} {top}V{bottom}"/>')
        body.append(f'<text class="dim middle" x="{x:.1f}" y="{bottom + 16}">{_number(tick)}</text>')
    body.append(f'<text class="dim middle" x="{(scale.begins + scale.ends) / 2:.1f}" y="{bottom + 36}">{unit}</text>')
    for row, (name, parts) in enumerate(rows.items()):
        body += _bar(name, parts, scale, top + row * (BAR + BAR_GAP), ours=name == ours)
    return _svg(title, bottom + 46, body)


_PHASES = (FLOOR, OURS, OTHER)


def _bar(name: str, parts: Sequence[float], scale: _Scale, y: float, *, ours: bool) -> Iterator[str]:
    weight, pale = (" b", "") if ours else ("", " beside")
    yield f'<text class="end{weight}" x="{scale.begins - 10:.1f}" y="{y + 18}">{escape(name)}</text>'
    begun = 0.0
    for series, part in zip(_PHASES, parts, strict=True):
        x, ends = scale.place(begun), scale.place(begun + part)
        yield f'<rect class="{series}{pale}" x="{x:.1f}" y="{y}" width="{ends - x:.1f}" height="{BAR}"/>'
        begun += part
    yield f'<text class="{weight.strip()}" x="{scale.place(begun) + 8:.1f}" y="{y + 18}">{begun:,.0f}</text>'


def _svg(title: str, height: float, body: Sequence[str]) -> bytes:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(title)}>'
    paper = f'<rect class="paper" width="{WIDTH}" height="{height:.0f}" rx="6"/>'
    shown = f'<text class="title" x="{MARGIN}" y="27">{escape(title)}</text>'
    return "\n".join([head, f"<style>\n{_STYLE}\n</style>", paper, shown, *body, "</svg>\n"]).encode()


def _legend(curves: Sequence[Curve]) -> list[list[Curve]]:
    """The names of the curves in rows that have room for them."""
    rows: list[list[Curve]] = [[]]
    width = 0.0
    for each in curves:
        wide = SMALL.width(each.name) + 46
        if rows[-1] and width + wide > WIDTH - 2 * MARGIN:
            rows.append([])
            width = 0.0
        rows[-1].append(each)
        width += wide
    return rows


def _legend_line(curves: Sequence[Curve], y: float) -> Iterator[str]:
    x = float(MARGIN)
    for each in curves:
        if each.points:
            yield f'<path class="curve {each.series} {each.stroke}" d="M{x:.1f} {y + 8:.1f}h24"/>'
        else:
            yield f'<rect class="{each.series}" x="{x:.1f}" y="{y + 2:.1f}" width="24" height="12"/>'
        yield f'<text x="{x + 30:.1f}" y="{y + 13:.1f}">{escape(each.name)}</text>'
        x += SMALL.width(each.name) + 46


def _plot(plot: Plot, top: float) -> Iterator[str]:
    xs = [x for curve in plot.curves for x, _ in curve.points]
    ys = [y for curve in plot.curves for _, y in curve.points]
    across = _Scale(
        min(xs) if plot.x_by_factor else 0,
        max(xs) if plot.x_by_factor else _round_above(max(xs)),
        MARGIN + AXIS_WIDTH,
        WIDTH - MARGIN - 12,
        plot.x_by_factor,
    )
    up = _Scale(
        min(ys) / 1.3 if plot.y_by_factor else 0,
        max(ys) * 1.3 if plot.y_by_factor else _round_above(max(ys) * 1.05),
        top + PLOT_HEIGHT,
        top,
        plot.y_by_factor,
    )
    yield f'<text class="dim" x="{MARGIN}" y="{top - 14:.1f}">{escape(plot.y)}</text>'
    for tick in up.ticks():
        y = up.place(tick)
        yield f'<path class="rule" d="M{across.begins:.1f} {y:.1f}H{across.ends:.1f}"/>'
        yield f'<text class="dim end" x="{across.begins - 8:.1f}" y="{y + 4:.1f}">{_number(tick)}</text>'
    yield f'<path class="axis" d="M{across.begins:.1f} {up.begins:.1f}H{across.ends:.1f}"/>'
    for tick in across.ticks():
        x = across.place(tick)
        yield f'<text class="dim middle" x="{x:.1f}" y="{up.begins + 18:.1f}">{_number(tick)}</text>'
    middle = (across.begins + across.ends) / 2
    yield f'<text class="dim middle" x="{middle:.1f}" y="{up.begins + 37:.1f}">{escape(plot.x)}</text>'
    for curve in plot.curves:
        places = [(across.place(x), up.place(y)) for x, y in curve.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f'<path class="curve {curve.series} {curve.stroke}" d="M{path}"/>'
        if curve.dots:
            yield from (f'<circle class="{curve.series}" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>' for x, y in places)


def _round_above(value: float) -> float:
    """The next number that five steps lead to evenly."""
    power: float = 10 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10) if power * factor >= value)


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
