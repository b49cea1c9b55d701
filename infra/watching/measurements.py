"""What CloudWatch knows of a stack's metrics: every value with its time, and its statistics by period."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MILLIS_PER_SECOND = 1_000
PERCENT = 100

Series = dict[float, float]
"""A statistic by the beginning of each period, in unix seconds; periods without a value are missing."""


@dataclass(frozen=True, slots=True)
class Name:
    """A metric as CloudWatch tells them apart."""

    namespace: str
    metric: str
    dimensions: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, namespace: str, metric: str, dimensions: Mapping[str, str] | None = None) -> Name:
        """One with these dimensions."""
        return cls(namespace, metric, frozenset((dimensions or {}).items()))


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is looked at, in unix seconds: the end is not in it."""

    begins: float
    ends: float

    def periods(self, seconds: float) -> list[float]:
        """The beginnings of its periods."""
        return [self.begins + seconds * number for number in range(round((self.ends - self.begins) / seconds))]


@dataclass(slots=True)
class Measurements:
    """Values as they were measured."""

    _values: dict[Name, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: Name, at: float, value: float = 1) -> None:
        """Note a value."""
        self._values[name].append((at, value))

    def series(self, name: Name, stat: str, seconds: float, span: Span) -> Series:
        """A statistic by periods of so many seconds. Raises ValueError for one that is not known here."""
        periods: dict[float, list[float]] = defaultdict(list)
        for at, value in self._values.get(name, ()):
            if span.begins <= at < span.ends:
                periods[span.begins + (at - span.begins) // seconds * seconds].append(value)
        of = _statistic(stat)
        return {begins: of(values) for begins, values in sorted(periods.items())}

    def found(self, namespace: str, dimensions: Sequence[str], fixed: Mapping[str, str], metric: str) -> list[Name]:
        """The metrics of that name with exactly these dimensions, some of them with a fixed value; in their order."""
        wanted = [
            name
            for name in self._values
            if (name.namespace, name.metric) == (namespace, metric)
            and {dimension for dimension, _ in name.dimensions} == set(dimensions)
            and set(fixed.items()) <= name.dimensions
        ]
        return sorted(wanted, key=lambda name: sorted(name.dimensions))


def values_in(line: str) -> Iterator[tuple[Name, float, float]]:
    """The values, with their times, that a log line holds in CloudWatch's embedded metric format."""
    blob: Mapping[str, Any] = json.loads(line)
    directives = blob.get("_aws")
    if not isinstance(directives, dict):
        return
    at = directives["Timestamp"] / MILLIS_PER_SECOND
    for directive in directives["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            named = {each: str(blob[each]) for each in dimensions}
            for metric in directive["Metrics"]:
                values = blob[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield Name.of(directive["Namespace"], metric["Name"], named), at, float(value)


_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}


def _statistic(stat: str) -> Callable[[list[float]], float]:
    if stat in _STATISTICS:
        return _STATISTICS[stat]
    if stat.startswith("p") and stat[1:].isdigit():
        return lambda values: percentile(values, int(stat[1:]))
    raise ValueError(f"not a statistic that is known here: {stat}")


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that so many percent of all do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / PERCENT) - 1)]
