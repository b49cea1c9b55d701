"""Hours that are listed twice."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.opening import days
from infra.flowkit.linting.rule import ERROR, Found, Of, rule


@rule("calendar-overlap", ERROR, Of.CALENDAR)
def calendar_overlap(file: FlowFile) -> Iterator[Found]:
    """Hours of a day that overlap: one of the two must be a mistake."""
    for day in days(file.document):
        for before, after in day.adjacent_pairs():
            if after.begins < before.ends_at:
                yield Found(day.path, f"is open {before} and {after}, which overlap", "fix one, or join them")
