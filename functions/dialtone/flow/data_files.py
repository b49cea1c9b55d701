"""Data files: the team's own tables, as saved by a spreadsheet: staff, offices, numbers to reject."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dialtone.flow.document import TOP, Document, Place

Made = TypeVar("Made")

DATA = "data"
"""The folder of data files, beside the flows."""

NUMBER_COLUMN = "number"
"""The column from which a list of numbers is read unless another is named. This column, and every one whose name ends
in `_number`, holds phone numbers and SIP addresses."""

ANY_ENDING = "*"
"""At the end of a text: matches everything with this beginning."""

MAX_BYTES = 200_000
"""Of a file as UTF-8. It is stored with the flow for the calls that began with it, for which 300,000 are allowed in
all."""

TRIM = "keep only the columns and rows that flows ask for, or divide it"
"""The remedy for a file that is too large."""

MAX_ROWS, MAX_COLUMNS, MAX_CELL_CHARACTERS = 5_000, 20, 500

MAX_PROBLEMS = 20
"""Reported per file: a column saved wrongly has an error in every row."""

DataName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]

_COLUMN = r"[a-z][a-z0-9_]{0,63}"
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]"
_NUMBER = r"\+[1-9][0-9]{6,14}|\+[0-9]{0,14}\*|sips?:[^\s,{}]+|withheld|"
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "###")
"""What spreadsheets write if they could not calculate a value."""

COMMENT = "# "
"""The beginning of a comment line."""

_SEPARATORS = ",;\t"


class Listed(NamedTuple):
    """The values of a column, for searching: whole values, and prefixes with a star."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    def holds(self, value: str) -> bool:
        """Whether the value is one of them, or begins with a prefix. An empty value is in no list."""
        return bool(value) and (value in self.whole or value.startswith(self.beginnings))


@dataclass(frozen=True)
class DataFile:
    """A table: its columns by name, its rows in their order."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    lines: tuple[int, ...] = field(repr=False, compare=False)
    """The line of the file in which each row begins."""

    @cached_property
    def _made(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        return {}

    @cached_property
    def _lists(self) -> dict[str, Listed]:
        return {}

    def values(self, column: str) -> tuple[str, ...]:
        """The cells of a column; none if the column does not exist."""
        if column not in self.columns:
            return ()
        place = self.columns.index(column)
        return tuple(row[place] for row in self.rows)

    def listed(self, column: str) -> Listed:
        """A column, for searching."""
        if column not in self._lists:
            values = frozenset(self.values(column)) - {""}
            beginnings = sorted(each for each in values if each.endswith(ANY_ENDING))
            self._lists[column] = Listed(values.difference(beginnings), tuple(each[:-1] for each in beginnings))
        return self._lists[column]

    def made(self, called: str, column: str, make: Callable[[str], Made]) -> tuple[Made, ...]:
        """The result of `make` for each cell of a column; calculated once, and stored under the name `called`."""
        if (called, column) not in self._made:
            self._made[called, column] = tuple(map(make, self.values(column)))
        return self._made[called, column]

    def row(self, place: int) -> Mapping[str, str]:
        """A row by its place: column → cell."""
        return dict(zip(self.columns, self.rows[place], strict=True))

    def found(self, where: Mapping[str, str]) -> Mapping[str, str] | None:
        """The first row with these values; None if there is none, or if one of the values is empty."""
        if not all(where.values()) or not self.columns_hold(where):
            return None
        wanted = [(self.columns.index(column), value) for column, value in where.items()]
        for place, row in enumerate(self.rows):
            if all(row[column] == value for column, value in wanted):
                return self.row(place)
        return None

    def columns_hold(self, names: Mapping[str, object]) -> bool:
        """Whether it has all of these columns."""
        return all(name in self.columns for name in names)


class InFile(BaseModel):
    """A condition that a data file contains a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    file: DataName = Field(alias="in", description="A data file: a file in the folder `data` beside the flow.")
    column: ColumnName = Field(NUMBER_COLUMN, description="The column to search for the value.")

    def __str__(self) -> str:
        return f"in {self.file}" + ("" if self.column == NUMBER_COLUMN else f" ({self.column})")


class NamedData(NamedTuple):
    """A use of a data file in a flow, and the columns that it needs."""

    where: tuple[str | int, ...]
    """The path from the step, or from the route."""
    file: str
    columns: tuple[str, ...]


def data_file(name: str) -> str:
    """A data file's name, relative to the folder of flows."""
    return f"{DATA}/{name}.csv"


def missing(name: str) -> tuple[str, str]:
    """Reason and remedy if a data file is missing."""
    return (
        f"goes by {name}, which is not a data file",
        f"add {data_file(name)} beside the flow, or name one that is there",
    )


def without_columns(named: NamedData, data: DataFile) -> tuple[str, str] | None:
    """Reason and remedy if the file lacks columns that are used; else None."""
    lacking = [column for column in named.columns if column not in data.columns]
    if not lacking:
        return None
    reason = f"asks for {', '.join(lacking)} of {data_file(named.file)}, which has {', '.join(data.columns)}"
    return reason, "name one of its columns, or add the column to the file"


def read_data(name: str, text: str) -> DataFile:
    """The table. Raises FlowInvalid with the first problem."""
    document = Document(data_file(name), text)
    data = parse_data(document, name)
    if data is None:
        raise document.error
    return data


def parse_data(document: Document, name: str) -> DataFile | None:
    """The table in a document, or None, with its problems reported to the document row by row."""
    if document.problems:
        return None
    text = document.text.removeprefix("\ufeff")
    if reason := too_many_bytes(len(document.text.encode("utf-8", "surrogatepass"))):
        document.report((), "", reason, TRIM)
        return None
    if found := re.search(_CONTROL, text):
        line = text.count("\n", 0, found.start()) + 1
        reason = f"has a control character, U+{ord(found[0]):04X}"
        _report(document, line, "", reason, "save it as UTF-8 text without it")
        return None
    data = _parsed(document, name, text)
    return None if document.problems else data


def too_many_bytes(size: int) -> str:
    """Why a file of this size is too large; '' if it is not."""
    return f"has {size:,} bytes; a data file may have {MAX_BYTES:,}" if size > MAX_BYTES else ""


def _parsed(document: Document, name: str, text: str) -> DataFile | None:
    """The table, with problems reported; None without a header."""
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    for line, cells in _rows_of(document, text):
        if not any(cells) or cells[0].startswith(COMMENT):
            continue
        if not columns:
            columns = cells
            if not _is_header(document, line, columns):
                return None
        elif _is_sound(document, line, columns, cells):
            rows.append(cells)
            lines.append(line)
        if len(document.problems) >= MAX_PROBLEMS:
            return None
    if not columns and not document.problems:
        _report(document, 1, "", "has no header", "name the columns in the first line: name,extension,number")
    if len(rows) > MAX_ROWS:
        remedy = "keep only the rows that flows ask for, or let a lookup ask your own system"
        _report(document, lines[MAX_ROWS], "", f"has {len(rows):,} rows; a data file may have {MAX_ROWS:,}", remedy)
    return DataFile(name, columns, tuple(rows), tuple(lines))


def _rows_of(document: Document, text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line in which each row begins, and the row's cells without surrounding spaces."""
    import csv  # noqa: PLC0415 -- only flows with data files need it
    from io import StringIO  # noqa: PLC0415 -- as above

    lines = (line for line in text.splitlines() if line.strip() and not line.startswith(COMMENT))
    header = next(lines, "")
    separator = next((each for each in _SEPARATORS if each in header), ",")
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = 'put a cell with quotes or separators in it into quotes, with its own quotes doubled: "a ""b"", c"'
            _report(document, line, "", f"cannot be read as CSV: {error}", remedy)
            return
        yield line, tuple(cell.strip() for cell in cells)
        line = reader.line_num + 1


def _is_header(document: Document, line: int, columns: tuple[str, ...]) -> bool:
    if len(columns) > MAX_COLUMNS:
        reason = f"has {len(columns)} columns; a data file may have {MAX_COLUMNS}"
        _report(document, line, "", reason, "keep only those that flows ask for")
    for place, column in enumerate(columns):
        if not re.fullmatch(_COLUMN, column):
            reason = f'column {place + 1} is named "{column[:80]}"'
            remedy = "name it in lower-case letters, digits and underscores: last_name"
            _report(document, line, column, reason, remedy)
        elif column in columns[:place]:
            _report(document, line, column, f"the column {column} stands there twice", "rename one of the two")
    return not document.problems


def _is_sound(document: Document, line: int, columns: tuple[str, ...], cells: tuple[str, ...]) -> bool:
    """Whether a row matches its columns; if not, the problem has been reported."""
    if len(cells) != len(columns):
        reason = f"has {len(cells)} cells; the header names {len(columns)} columns"
        _report(document, line, "", reason, "add or remove separators; put a cell that holds one into quotes")
        return False
    sound = True
    for column, cell in zip(columns, cells, strict=True):
        if why := _why_unsound(column, cell):
            _report(document, line, column, f"column {column}: {why[0]}", why[1])
            sound = False
    return sound


def _why_unsound(column: str, cell: str) -> tuple[str, str] | None:
    """The reason and the remedy."""
    if len(cell) > MAX_CELL_CHARACTERS:
        return f"has {len(cell):,} characters; a cell may have {MAX_CELL_CHARACTERS}", "shorten it"
    if not cell.isprintable() and ("\n" in cell or "\r" in cell):
        return "has a line break", "write it in one line"
    if cell.startswith("="):
        return f"{cell[:80]} is a formula", "save the values of the spreadsheet, not its formulas"
    if cell.startswith("#") and cell.upper().startswith(_ERRORS):
        return f"{cell[:80]} is a spreadsheet's error", "correct it in the spreadsheet"
    if holds_numbers(column) and not re.fullmatch(_NUMBER, cell):
        return f"{cell[:80]} is not a number in E.164", (
            'write it as +<country><number> without spaces, and format the column as text; "+1555*" is a beginning'
        )
    return None


def holds_numbers(column: str) -> bool:
    """Whether the cells of a column of this name must be phone numbers, SIP addresses or empty."""
    return column == NUMBER_COLUMN or column.endswith(f"_{NUMBER_COLUMN}")


def _report(document: Document, line: int, column: str, reason: str, remedy: str) -> None:
    path = (line, column) if column else (line,)
    document.places.setdefault(path, Place(line, 1) if line > 1 else TOP)
    document.report(path, "", reason, remedy)
