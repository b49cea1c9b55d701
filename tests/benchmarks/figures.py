"""Figures as the page writes them: a median, its spread, a table."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def percentile(sample: Sequence[float], percent: float) -> float:
    """The smallest figure that so many percent of the sample do not exceed."""
    ordered = sorted(sample)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(sample: Sequence[float], digits: int = 2) -> str:
    """`median (least to most over n runs)`."""
    low, high = min(sample), max(sample)
    return f"{statistics.median(sample):.{digits}f} ({low:.{digits}f} to {high:.{digits}f} over {len(sample)} runs)"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; all but the first column are aligned to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
