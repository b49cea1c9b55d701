"""Hours that the calendar leaves out."""

from collections.abc import Iterator
from datetime import timedelta

from dialtone.flow.calendars import WEEKDAYS
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.opening import days
from infra.flowkit.linting.rule import WARNING, Found, Of, rule

SHORT_GAP = timedelta(minutes=15)
"""Nobody closes for less: 12:30-12:31 is a slip of the pen."""


@rule("calendar-gap", WARNING, Of.CALENDAR)
def calendar_gap(file: FlowFile) -> Iterator[Found]:
    """A weekday that is left out, or a gap of minutes between two hours: callers hear that it is closed."""
    named = {day.name for day in days(file.document)}
    missing = [day for day in WEEKDAYS if day not in named]
    if missing:
        reason = f"says nothing of {', '.join(missing)}, which counts as closed"
        yield Found(("open",), reason, f"write {', '.join(missing)}: closed")
    for day in days(file.document):
        for before, after in day.adjacent_pairs():
            if timedelta() < after.begins - before.ends_at < SHORT_GAP:
                yield Found(day.path, f"is closed for minutes between {before} and {after}", "join them, or fix one")
