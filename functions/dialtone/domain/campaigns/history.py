"""A campaign's history: dials, answered calls and failures over time, for charts. Pure.

It is part of the progress item, so it has few columns, which grow wider with time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dialtone.domain.stored_records import restored

MOST_COLUMNS = 60
MINUTE_SECONDS = 60

Column = tuple[int, int, int]
"""Dials, answered calls that ended, calls that failed."""


@dataclass(frozen=True, slots=True)
class Course:
    """The counts of each period since the first dial."""

    begins_at: int = 0
    """Unix seconds of the first column; 0 before anything happened."""
    minutes: int = 1
    """In each column."""
    columns: tuple[Column, ...] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Course:
        """What was stored."""
        return restored(cls, stored, columns=lambda columns: tuple((int(a), int(b), int(c)) for a, b, c in columns))

    def with_counts(self, at: int, *, dials: int = 0, answered: int = 0, failed: int = 0) -> Course:
        """The history with more counts at that time. Counts from before the first column go into the first."""
        begins_at = self.begins_at or at - at % MINUTE_SECONDS
        course = replace(self, begins_at=begins_at)
        place = max(0, at - begins_at) // MINUTE_SECONDS
        while place // course.minutes >= MOST_COLUMNS:
            course = _twice_as_wide(course)
        place //= course.minutes
        columns = [*course.columns, *[(0, 0, 0)] * (place + 1 - len(course.columns))]
        were = columns[place]
        columns[place] = (were[0] + dials, were[1] + answered, were[2] + failed)
        return replace(course, columns=tuple(columns))


def _twice_as_wide(course: Course) -> Course:
    columns = [*course.columns, *[(0, 0, 0)] * (len(course.columns) % 2)]
    pairs = zip(columns[::2], columns[1::2], strict=True)
    joined = tuple((a[0] + b[0], a[1] + b[1], a[2] + b[2]) for a, b in pairs)
    return replace(course, minutes=course.minutes * 2, columns=joined)
