"""Holidays that are over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from infra.flowkit.linting.rule import WARNING, Found, Of, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile


@rule("past-holiday", WARNING, Of.CALENDAR)
def past_holiday(file: FlowFile) -> Iterator[Found]:
    """A holiday whose date is past: next year's is probably missing."""
    holidays = file.document.at(("holidays",)) or {}
    for named in holidays:
        last = date.fromisoformat(str(named).rpartition("to")[2].strip())
        if last < file.folder.today:
            yield Found(("holidays", named), f"{named} is past", f"write {last.year + 1}'s, or remove it")
