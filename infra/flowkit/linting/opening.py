"""The days of a calendar as they are written, with their hours in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter

from dialtone.flow.calendars import Holidays, Week
from dialtone.flow.document import Document, Path

DAY = timedelta(days=1)

_WEEK: TypeAdapter[Any] = TypeAdapter(Week)
_HOLIDAYS: TypeAdapter[Any] = TypeAdapter(Holidays)


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """From one time of the day to another."""

    begins: timedelta
    ends_at: timedelta
    """Over a day where it ends after midnight."""

    def __str__(self) -> str:
        return f"{_clock(self.begins)}-{_clock(self.ends_at)}"


@dataclass(frozen=True, slots=True)
class Day:
    """A weekday or a holiday."""

    name: str
    path: Path
    openings: tuple[Opening, ...]

    def adjacent_pairs(self) -> Iterator[tuple[Opening, Opening]]:
        """Each with the one that follows it."""
        return pairwise(self.openings)


def days(calendar: Document) -> Iterator[Day]:
    """Every weekday and holiday that a calendar names; only of one that can be gone by."""
    for key, form in (("open", _WEEK), ("holidays", _HOLIDAYS)):
        content = calendar.at((key,))
        for named, spans in content.items() if isinstance(content, dict) else ():
            for day, hours in form.validate_python({named: spans}).items():
                openings = [Opening(each.begins, each.ends + DAY * each.overnight) for each in hours]
                yield Day(day, (key, named), tuple(sorted(openings)))


def _clock(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60 % (24 * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"
