"""The week of a rota, minute by minute."""

from collections.abc import Callable
from datetime import timedelta

from dialtone.flow.calendars import WEEKDAYS
from dialtone.flow.rotas import Shift

MINUTES_AN_HOUR = 60
MINUTES_A_DAY = 24 * MINUTES_AN_HOUR
MINUTES_A_WEEK = 7 * MINUTES_A_DAY


def minutes_of(shift: Shift) -> frozenset[int]:
    """The minutes of the week, since Monday's midnight, at which a shift is on call."""
    if shift.hours is None:
        return frozenset(range(MINUTES_A_WEEK))
    found: set[int] = set()
    for day, spans in shift.hours.items():
        midnight = WEEKDAYS.index(day) * MINUTES_A_DAY
        for span in spans:
            begins, ends = (each // timedelta(minutes=1) for each in (span.begins, span.ends))
            ends += MINUTES_A_DAY if span.overnight else 0
            found.update((midnight + minute) % MINUTES_A_WEEK for minute in range(begins, ends))
    return frozenset(found)


def hours_where(holds: Callable[[int], bool]) -> list[str]:
    """The hours of the week at which it holds, `fri 18:00 to mon 08:00`; over the week's end as one."""
    begins = [minute for minute in range(MINUTES_A_WEEK) if holds(minute) and not holds((minute - 1) % MINUTES_A_WEEK)]
    ends = [minute for minute in range(MINUTES_A_WEEK) if not holds(minute) and holds((minute - 1) % MINUTES_A_WEEK)]
    if ends and begins and ends[0] <= begins[0]:
        ends = [*ends[1:], ends[0]]
    if not begins:
        return ["the whole week"] if holds(0) else []
    return [f"{_clock(first)} to {_clock(last)}" for first, last in zip(begins, ends, strict=True)]


def _clock(minute: int) -> str:
    day, left = divmod(minute, MINUTES_A_DAY)
    return f"{WEEKDAYS[day]} {left // MINUTES_AN_HOUR:02}:{left % MINUTES_AN_HOUR:02}"
