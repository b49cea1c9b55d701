"""Holidays that are over."""

from collections.abc import Iterator
from datetime import date

from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, Of, rule


@rule("past-holiday", WARNING, Of.CALENDAR)
def past_holiday(file: FlowFile) -> Iterator[Found]:
    """A holiday whose date is past: next year's is probably missing."""
    holidays = file.document.at(("holidays",)) or {}
    for named in holidays:
        last = date.fromisoformat(str(named).rpartition("to")[2].strip())
        if last < file.folder.today:
            yield Found(("holidays", named), f"{named} is past", f"write {last.year + 1}'s, or remove it")
