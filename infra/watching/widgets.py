"""What each widget of a dashboard shows at a time: its lines with their values, its numbers, its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.watching.expressions import evaluated, search_in
from infra.watching.measurements import Measurements, Name, Series, Span

DEFAULT_PERIOD_SECONDS = 300
_COLOURS = (
    "#1f77b4",
    "#ff7f0e",
    "#2ca02c",
    "#d62728",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
)
"""CloudWatch's own, in its order."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a graph, or one number."""

    label: str
    colour: str
    series: Series
    period: float
    right: bool = False
    """Whether it belongs to the axis on the right."""

    @property
    def peak(self) -> float:
        """Its largest value; 0 without any."""
        return max(self.series.values(), default=0)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a widget's metrics, with what the widget says for all of them."""

    options: Mapping[str, Any]
    name: Name | None
    """None of an expression."""

    @classmethod
    def read(cls, row: Sequence[Any], properties: Mapping[str, Any]) -> _Row:
        options = {"stat": "Average", "period": DEFAULT_PERIOD_SECONDS, **properties}
        options |= row[-1] if isinstance(row[-1], dict) else {}
        parts = [part for part in row if isinstance(part, str)]
        name = Name.of(parts[0], parts[1], dict(zip(parts[2::2], parts[3::2], strict=True))) if parts else None
        return cls(options, name)

    def period(self, span: Span) -> float:
        """In seconds; the whole time shown, where the widget asks for that."""
        if self.options.get("setPeriodToTimeRange"):
            return span.ends - span.begins
        return float(self.options["period"])

    def series(self, measured: Measurements, span: Span) -> Series:
        """What was measured of its metric."""
        return measured.series(self.name, self.options["stat"], self.period(span), span) if self.name else {}


def lines_of(properties: Mapping[str, Any], measured: Measurements, span: Span) -> list[Line]:
    """The lines of a metric widget, those without a value too, in their order."""
    rows = [_Row.read(row, properties) for row in properties["metrics"]]
    named = {row.options["id"]: row.series(measured, span) for row in rows if row.name and "id" in row.options}
    lines: list[Line] = []
    for row in rows:
        if row.options.get("visible", True):
            for label, series, period in _shown(row, named, measured, span):
                colour = row.options.get("color") or _COLOURS[len(lines) % len(_COLOURS)]
                lines.append(Line(label, colour, series, period, row.options.get("yAxis") == "right"))
    return lines


def _shown(
    row: _Row, named: Mapping[str, Series], measured: Measurements, span: Span
) -> Iterator[tuple[str, Series, float]]:
    """A row's lines, each with its label and period: several of a search."""
    options = row.options
    if row.name:
        yield options.get("label", row.name.metric), row.series(measured, span), row.period(span)
    elif search := search_in(options["expression"]):
        for name in measured.found(search.namespace, search.dimensions, search.fixed, search.metric):
            label = options["label"]
            for dimension, value in name.dimensions:
                label = label.replace(f"${{PROP('Dim.{dimension}')}}", value)
            yield label, measured.series(name, search.stat, search.period, span), search.period
    else:
        periods = span.periods(row.period(span))
        yield options["label"], evaluated(options["expression"], named, periods), row.period(span)
