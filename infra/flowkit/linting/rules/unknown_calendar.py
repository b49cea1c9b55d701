"""Calendars that are named and are not there."""

from collections.abc import Iterator

from infra.flowkit.linting.files import FlowFile, Kind
from infra.flowkit.linting.mentions import calendars, goes_by
from infra.flowkit.linting.rule import ERROR, Found, Of, rule
from infra.flowkit.linting.rules.unknown_step import near


@rule("unknown-calendar", ERROR, Of.WRITTEN)
def unknown_calendar(file: FlowFile) -> Iterator[Found]:
    """A calendar that a step or a number uses, and that has no file."""
    known = file.folder.calendar_names
    named = goes_by(file.document) if file.kind is Kind.NUMBERS else calendars(file.document)
    for path, calendar in named:
        if calendar not in known:
            remedy = near(calendar, known, f"add calendars/{calendar}.yaml beside the flow, or name one that is there")
            yield Found(path, f"goes by the calendar {calendar}, which does not exist", remedy)
