"""Calls as a table for spreadsheets."""

import csv
import io

import pytest

from infra.operations.calls.spreadsheet import as_csv


def test_each_call_is_a_line_under_the_names_of_its_columns() -> None:
    table = as_csv([{"outcome": 'said "no", left', "seconds": 12}, {"outcome": None, "seconds": 0}])

    assert list(csv.reader(io.StringIO(table))) == [["outcome", "seconds"], ['said "no", left', "12"], ["", "0"]]
    assert as_csv([]) == ""


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r"])
def test_what_callers_chose_cannot_become_a_formula(begins: str) -> None:
    cell = as_csv([{"outcome": f"{begins}cmd|'/c calc'!A1"}]).removeprefix("outcome\n").lstrip('"')

    assert cell.startswith(f"'{begins}")
