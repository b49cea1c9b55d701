"""Calls as a table for spreadsheets. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula, which may fetch or run things."""


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and a line for each; nothing for none. What callers chose cannot become a formula."""
    listed = list(rows)
    if not listed:
        return ""
    table = io.StringIO()
    writer = csv.DictWriter(table, fieldnames=list(listed[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in listed)
    return table.getvalue()


def cell(value: object) -> str:
    """The value as text; a quotation mark before it keeps a spreadsheet from reckoning it, a number's plus included."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
