"""A dashboard as one SVG, in CloudWatch's manner: no fonts, no links, light or dark as its reader is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from infra.flowkit.drawing.text_metrics import FONT_FAMILY, TextMetrics
from infra.output.palette import colours_for
from infra.watching.log_query import Record, asked
from infra.watching.measurements import Measurements, Span
from infra.watching.stack import Stack
from infra.watching.widgets import Line, lines_of

COLUMN, ROW, GAP, HEADER = 50, 46, 8, 44
"""Pixels: of the grid that widgets lie on, between two of them, and above all."""
PADDING, TITLE_HEIGHT, AXIS_WIDTH, TICKS_HEIGHT, LEGEND_LINE = 12, 30, 42, 18, 15
LEGEND_LINES = 3
TILE_HEIGHT, TILE_WIDTH = 26, 136
TICK_SECONDS = 1_800
THOUSANDS_FROM, WHOLE_FROM = 10_000, 100
"""From where on numbers are written in thousands, and without what is behind the point."""
TICKS = 4

TITLE, SMALL = TextMetrics(13, bold=True), TextMetrics(10.5)
NUMBER = TextMetrics(26)

_STYLE = f"""
{colours_for("svg")}
text {{ font-family: {FONT_FAMILY}; fill: var(--ink); }}
.dim {{ fill: var(--dim); }} .faint {{ opacity: .45; }} .end {{ text-anchor: end; }} .middle {{ text-anchor: middle; }}
.b {{ font-weight: bold; }} .s {{ font-size: 10.5px; }} .t {{ font-size: 13px; font-weight: bold; }}
.paper {{ fill: var(--paper); }} .card {{ fill: var(--card); stroke: var(--edge); }}
.rule {{ stroke: var(--rule); }} .axis {{ stroke: var(--edge); }}
.line {{ fill: none; stroke-width: 1.6; stroke-linejoin: round; }} .area {{ opacity: .75; }}
.limit {{ stroke: var(--alarm); stroke-dasharray: 5 4; }} .over {{ fill: var(--alarm); }}
.tile {{ fill: var(--card); stroke: var(--edge); }} .rings {{ fill: var(--rings); stroke: var(--alarm); }}
.ok {{ fill: var(--ok); }} .bad {{ fill: var(--alarm); }}
""".strip()


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, left: float, top: float, right: float, bottom: float) -> Box:
        """What is left without these edges."""
        return Box(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a dashboard is drawn of."""

    stack: Stack
    measured: Measurements
    logs: Mapping[str, Sequence[Record]]
    span: Span
    """What the graphs show; alarms are as they are at its end."""


def svg_of(dashboard: str, title: str, scene: Scene) -> str:
    """The file's content."""
    widgets = scene.stack.dashboards[dashboard]["widgets"]
    width = 24 * COLUMN + GAP
    height = HEADER + max(each["y"] + each["height"] for each in widgets) * ROW + GAP
    ringing = scene.stack.ringing(scene.measured, scene.span.ends)
    begins, ends = (datetime.fromtimestamp(at, UTC) for at in (scene.span.begins, scene.span.ends))
    when = f"{begins:%-d %B %Y, %H:%M}–{ends:%H:%M} UTC"  # noqa: RUF001 -- a range
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(title)}>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        f'<text x="{GAP + 4}" y="28" font-size="16" class="b">{escape(title)}</text>',
        f'<text x="{width - GAP - 4}" y="28" font-size="12" class="dim end">{when}</text>',
    ]
    for widget in widgets:
        box = Box(
            widget["x"] * COLUMN + GAP,
            HEADER + widget["y"] * ROW,
            widget["width"] * COLUMN - GAP,
            widget["height"] * ROW - GAP,
        )
        parts += _widget(widget, box, scene, ringing)
    return "\n".join([*parts, "</svg>\n"])


def _widget(widget: Mapping[str, Any], box: Box, scene: Scene, ringing: frozenset[str]) -> Iterator[str]:
    properties = widget["properties"]
    yield f'<rect class="card" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"/>'
    yield f'<text class="t" x="{box.x + PADDING}" y="{box.y + 20}">{escape(properties["title"])}</text>'
    inner = box.inside(PADDING, TITLE_HEIGHT, PADDING, PADDING)
    if widget["type"] == "alarm":
        yield from _tiles(properties["alarms"], inner, scene, ringing)
    elif widget["type"] == "log":
        yield from _table(properties["query"], inner, scene)
    elif properties["view"] == "singleValue":
        yield from _numbers(lines_of(properties, scene.measured, scene.span), inner)
    else:
        yield from _graph(properties, lines_of(properties, scene.measured, scene.span), inner, scene.span)


def _tiles(alarms: Sequence[str], box: Box, scene: Scene, ringing: frozenset[str]) -> Iterator[str]:
    """A tile for each alarm, as CloudWatch shows them: what rings first, in red."""
    across = max(1, int((box.width + 6) // (TILE_WIDTH + 6)))
    rows = math.ceil(len(alarms) / across)
    width = (box.width - 6 * (across - 1)) / across
    height = box.height if len(alarms) == 1 else min(TILE_HEIGHT, (box.height - 4 * (rows - 1)) / rows)
    for place, logical in enumerate(sorted(alarms, key=lambda each: each not in ringing)):
        x, y = box.x + place % across * (width + 6), box.y + place // across * (height + 4)
        rings = logical in ringing
        name = scene.stack.names[logical]
        middle = y + height / 2
        yield (
            f'<rect class="{"rings" if rings else "tile"}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}" rx="3"/>'
            f'<rect class="{"bad" if rings else "ok"}" x="{x:.1f}" y="{y:.1f}" width="4" height="{height:.1f}" rx="2"/>'
        )
        if len(alarms) == 1:
            state = "In alarm" if rings else "OK"
            yield f'<text class="b" x="{x + 16:.1f}" y="{middle:.1f}" font-size="20">{state}</text>'
            yield f'<text class="s dim" x="{x + 16:.1f}" y="{middle + 20:.1f}">{name}</text>'
        else:
            shown = escape(SMALL.cut(name, width - 14))
            yield f'<text class="s{" b" if rings else ""}" x="{x + 10:.1f}" y="{middle + 4:.1f}">{shown}</text>'


def _numbers(lines: Sequence[Line], box: Box) -> Iterator[str]:
    width = box.width / len(lines)
    for place, line in enumerate(lines):
        x = box.x + place * width
        value = _number(sum(line.series.values())) if line.series else "–"  # noqa: RUF001 -- as CloudWatch does
        yield f'<rect x="{x:.1f}" y="{box.y + 12}" width="3" height="{box.height - 24:.1f}" fill="{line.colour}"/>'
        yield f'<text x="{x + 12:.1f}" y="{box.y + 52}" font-size="30">{value}</text>'
        for number, words in enumerate(SMALL.lines(line.label, width - 18, 2)):
            yield f'<text class="s dim" x="{x + 12:.1f}" y="{box.y + 74 + 13 * number}">{escape(words)}</text>'


def _table(query: str, box: Box, scene: Scene) -> Iterator[str]:
    table = asked(query, scene.logs)
    width = box.width / len(table.columns)
    for row, values in enumerate([table.columns, *table.rows]):
        y = box.y + 14 + row * 22
        for column, value in enumerate(values):
            words = value if isinstance(value, str) else "" if value is None else _number(value)
            style, x = ("s", box.x) if column == 0 else ("s end", box.x + (column + 1) * width)
            yield f'<text class="{style}{" b" if row == 0 else ""}" x="{x:.1f}" y="{y}">{escape(words)}</text>'
        yield f'<path class="rule" d="M{box.x} {y + 7}h{box.width}"/>'


def _graph(properties: Mapping[str, Any], lines: Sequence[Line], box: Box, span: Span) -> Iterator[str]:
    limits = properties.get("annotations", {}).get("horizontal", ())
    legend = list(_legend(lines, box))
    right = any(line.right for line in lines)
    plot = box.inside(AXIS_WIDTH, 4, AXIS_WIDTH if right else 4, TICKS_HEIGHT + LEGEND_LINE * len(legend) + 4)
    stacked = bool(properties.get("stacked"))
    left_top = _top(
        _peak([line for line in lines if not line.right], stacked=stacked), *(each["value"] for each in limits)
    )
    right_top = _top(_peak([line for line in lines if line.right], stacked=False))
    yield from _axes(plot, span, left_top, right_top if right else 0)
    if stacked:
        yield from _areas(lines, plot, span, left_top)
    else:
        for line in lines:
            yield from _line(line, plot, span, right_top if line.right else left_top)
    for place, limit in enumerate(limits):
        y = plot.y + plot.height * (1 - limit["value"] / left_top)
        yield f'<path class="limit" d="M{plot.x:.1f} {y:.1f}h{plot.width:.1f}"/>'
        yield f'<text class="s over" x="{plot.x + 6:.1f}" y="{y - 4 + 16 * place:.1f}">{escape(limit["label"])}</text>'
    for row, parts in enumerate(legend):
        y = box.y + box.height - LEGEND_LINE * (len(legend) - row - 1)
        yield from (part.replace("@y", f"{y:.1f}").replace("@t", f"{y - 8:.1f}") for part in parts)
    if not any(line.series for line in lines):
        yield (
            f'<text class="s dim middle" x="{plot.x + plot.width / 2:.1f}" y="{plot.y + plot.height / 2:.1f}">'
            "Nothing of the kind happened.</text>"
        )


def _peak(lines: Sequence[Line], *, stacked: bool) -> float:
    if not stacked:
        return max((line.peak for line in lines), default=0)
    times = {at for line in lines for at in line.series}
    return max((sum(line.series.get(at, 0) for line in lines) for at in times), default=0)


def _top(*values: float) -> float:
    """A round number above all of them."""
    largest = max(values)
    if largest <= 0:
        return 1
    power: float = 10 ** math.floor(math.log10(largest))
    return next(power * factor for factor in (1, 2, 3, 4, 5, 8, 10, 20) if power * factor >= largest * 1.05)


def _axes(plot: Box, span: Span, left_top: float, right_top: float) -> Iterator[str]:
    for tick in range(TICKS + 1):
        y = plot.y + plot.height * (1 - tick / TICKS)
        yield f'<path class="{"axis" if tick == 0 else "rule"}" d="M{plot.x:.1f} {y:.1f}h{plot.width:.1f}"/>'
        yield f'<text class="s dim end" x="{plot.x - 6:.1f}" y="{y + 4:.1f}">{_number(left_top * tick / TICKS)}</text>'
        if right_top:
            x = plot.x + plot.width + 6
            yield f'<text class="s dim" x="{x:.1f}" y="{y + 4:.1f}">{_number(right_top * tick / TICKS)}</text>'
    at = math.ceil(span.begins / TICK_SECONDS) * TICK_SECONDS
    while at <= span.ends:
        x = _x(at, plot, span)
        if plot.x + 14 < x < plot.x + plot.width - 14:
            y = plot.y + plot.height + 14
            yield f'<text class="s dim middle" x="{x:.1f}" y="{y:.1f}">{datetime.fromtimestamp(at, UTC):%H:%M}</text>'
        at += TICK_SECONDS


def _x(at: float, plot: Box, span: Span) -> float:
    return plot.x + plot.width * (at - span.begins) / (span.ends - span.begins)


def _line(line: Line, plot: Box, span: Span, top: float) -> Iterator[str]:
    """Connected where one period follows another; a value by itself is a dot."""
    runs: list[list[tuple[float, float]]] = []
    last = -math.inf
    for at, value in line.series.items():
        if at - last > line.period * 1.5:
            runs.append([])
        runs[-1].append((_x(at + line.period / 2, plot, span), plot.y + plot.height * (1 - min(value, top) / top)))
        last = at
    for run in runs:
        if len(run) == 1:
            yield f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="2.6" fill="{line.colour}"/>'
        else:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
            yield f'<path class="line" stroke="{line.colour}" d="M{path}"/>'


def _areas(lines: Sequence[Line], plot: Box, span: Span, top: float) -> Iterator[str]:
    """One upon the other, in steps: a period without a value is one of zero."""
    if not lines:
        return
    period = min(line.period for line in lines)
    times = span.periods(period)
    below = dict.fromkeys(times, 0.0)
    for line in lines:
        above = {at: below[at] + line.series.get(at, 0) for at in times}
        if line.series:
            upper = _steps(above, period, plot, span, top)
            lower = _steps(below, period, plot, span, top)
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in [*upper, *reversed(lower)])
            yield f'<path class="area" fill="{line.colour}" d="M{path}Z"/>'
        below = above


def _steps(
    values: Mapping[float, float], period: float, plot: Box, span: Span, top: float
) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    for at, value in values.items():
        y = plot.y + plot.height * (1 - value / top)
        if points and points[-1][1] == y:
            points[-1] = (_x(at + period, plot, span), y)
        else:
            points += [(_x(at, plot, span), y), (_x(at + period, plot, span), y)]
    return points


def _legend(lines: Sequence[Line], box: Box) -> Iterator[list[str]]:
    """The lines' names, those with a value first; how many of the others there is no room for."""
    ordered = sorted(lines, key=lambda line: not line.series)
    rows: list[list[str]] = [[]]
    x = 0.0
    for place, line in enumerate(ordered):
        width = SMALL.width(line.label) + 30
        if x and x + width > box.width - (90 if len(rows) == LEGEND_LINES else 0):
            if len(rows) == LEGEND_LINES:
                left = f"+ {len(ordered) - place} more"
                rows[-1].append(f'<text class="s dim" x="{box.x + x:.1f}" y="@y">{left}</text>')
                break
            rows.append([])
            x = 0.0
        faint = "" if line.series else " faint"
        rows[-1].append(
            f'<rect class="mark{faint}" x="{box.x + x:.1f}" y="@t" width="9" height="9" fill="{line.colour}"/>'
            f'<text class="s{faint}" x="{box.x + x + 14:.1f}" y="@y">{escape(line.label)}</text>'
        )
        x += width
    yield from rows


def _number(value: float) -> str:
    if value >= THOUSANDS_FROM:
        return f"{value / 1_000:,.0f}k"
    if value >= WHOLE_FROM or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".")
