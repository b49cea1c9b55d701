"""Reads a list as a stream, row by row, whatever its bytes: CSV or JSON lines. Pure.

An error in a row refuses that row; only an unreadable list raises. It keeps no more than one row in memory, and of a
row no more than MAX_ROW_BYTES.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from dialtone.domain.errors import DialtoneError

MAX_ROW_BYTES = 64_000
"""For one row: sixty times as much as a call accepts."""

DELIMITERS = ",;\t|"
"""Spreadsheets write the first; the second where numbers contain commas; or the third."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FOREIGN: Mapping[bytes, str] = {
    b"PK\x03\x04": "is a workbook or a zip file: save it as CSV (UTF-8)",
    b"\x1f\x8b": "is compressed: unpack it first",
    b"%PDF": "is a PDF document: a list is CSV or JSON lines",
    b"\xd0\xcf\x11\xe0": "is a workbook of an old Excel: save it as CSV (UTF-8)",
}
_FIRST_BYTES = 4

_SEPARATOR = re.compile(r"sep=([,;\t|])", re.IGNORECASE)
"""A line before the header that tells Excel the delimiter."""
_NOT_IN_NAMES = re.compile(r"[\s-]+")

ENCODING, TOO_LONG, MALFORMED = "encoding", "too_long", "malformed"
UNCLOSED = "a quotation mark is opened and not closed, or is followed by text: write it twice within a quoted value"


class ListUnreadable(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the list is unreadable
    """Nothing in the list can be read; the message says what it seems to be."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it is written."""

    row: int
    """Counted from 1; in CSV the header is row 1, as a spreadsheet shows it."""
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that will not be dialled, and the reason."""

    row: int
    rule: str
    reason: str
    """The problem and the remedy, in a sentence for the author of the list."""
    number: str = ""
    """E.164, if it could be read."""

    def to_line(self) -> str:
        """As a line of JSON, without a line break."""
        kept = {"row": self.row, "to": self.number, "rule": self.rule, "reason": self.reason}
        return json.dumps(kept, ensure_ascii=False)


class _RowRefused(Exception):  # noqa: N818 -- as above
    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason


def read_rows(chunks: Iterable[bytes]) -> Iterator[RawRow | RefusedRow]:
    """Every non-empty row. Raises ListUnreadable."""
    lines = _Lines(_split(_utf8(chunks)))
    first = lines.first()
    yield from _json_rows(lines) if first.lstrip().startswith("{") else _csv_rows(lines, first)


def _utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The list as UTF-8 without a byte order mark; UTF-16 is recognised by its own."""
    left = iter(chunks)
    start = b""
    while len(start) < _FIRST_BYTES and (chunk := next(left, None)) is not None:
        start += chunk
    for sign, what in _FOREIGN.items():
        if start.startswith(sign):
            raise ListUnreadable(f"the list {what}")
    if not start.startswith(_UTF16):
        yield start.removeprefix(codecs.BOM_UTF8)
        yield from left
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for chunk in chain((start,), left):
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise ListUnreadable("the list begins as UTF-16 and does not go on so: save it as CSV (UTF-8)") from None


def _split(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """The lines without their line breaks (Unix, Windows or old Mac); None for one that is too long."""
    rest, skipping = b"", False
    for chunk in chunks:
        text = rest + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # it may be the first half of a line break
        whole = text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in whole[:-1]:
            yield None if skipping or len(line) > MAX_ROW_BYTES else line
            skipping = False
        skipping = skipping or len(whole[-1]) > MAX_ROW_BYTES
        rest = b"" if skipping else whole[-1]
        rest += held
    if rest or skipping:
        yield None if skipping else rest.removesuffix(b"\r")


@dataclass(slots=True)
class _Lines:
    """Lines as text, with line breaks, for `csv.reader`. Raises _RowRefused for a line that is not text."""

    lines: Iterator[bytes | None]
    taken: list[str] = field(default_factory=list)
    """The lines of the current row."""
    _again: list[str] = field(default_factory=list)
    """Lines to be read again, the last first."""
    _characters: int = 0
    """How many characters those taken have."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else _text(next(self.lines))
        self.taken.append(line)
        self._characters += len(line)
        if self._characters > MAX_ROW_BYTES:
            raise _RowRefused(MALFORMED, UNCLOSED)
        return line

    def begin_row(self) -> None:
        """Begin the next row."""
        self.taken.clear()
        self._characters = 0

    def read_again(self, first: int = 1) -> None:
        """Read again all but the first line of an unreadable row: an open quotation mark has swallowed them."""
        self._again += reversed(self.taken[first:])
        self.begin_row()

    def first(self) -> str:
        """The first non-empty line; all lines will be read again."""
        try:
            line = next((line for line in self if line.strip()), "")
        except _RowRefused as refused:
            raise ListUnreadable(f"the list's first line cannot be read: {refused.reason}") from None
        if not line:
            raise ListUnreadable("the list is empty")
        if "\x00" in line:
            raise ListUnreadable("the list is not text, or is UTF-16 without its mark: save it as CSV (UTF-8)")
        self.read_again(0)
        return line


def _text(line: bytes | None) -> str:
    if line is None:
        raise _RowRefused(TOO_LONG, f"the row has more than {MAX_ROW_BYTES:,} bytes: shorten it")
    try:
        return line.decode() + "\n"
    except UnicodeDecodeError as error:
        found = f"the byte {line[error.start]:#04x} is not UTF-8"
        raise _RowRefused(ENCODING, f"{found}: save the list as CSV (UTF-8)") from None


def _csv_rows(lines: _Lines, first: str) -> Iterator[RawRow | RefusedRow]:
    said = _SEPARATOR.fullmatch(first.strip())
    delimiter = said[1] if said else max(DELIMITERS, key=first.count)
    header: tuple[str, ...] = ()
    for row, fields in enumerate(_records(lines, delimiter), 1):
        if isinstance(fields, _RowRefused):
            if not header:
                raise ListUnreadable(f"the list's header cannot be read: {fields.reason}")
            yield RefusedRow(row, fields.rule, fields.reason)
        elif not any(each.strip() for each in fields) or (said and not header and fields[0].lower() == "sep="):
            continue
        elif not header:
            header = _header(fields)
        elif any(each.strip() for each in fields[len(header) :]):
            counts = f"it has {len(fields)} values and the header {len(header)} names"
            yield RefusedRow(row, MALFORMED, f"{counts}: put a value that has {delimiter!r} in it in quotation marks")
        else:
            yield RawRow(row, dict(zip(header, fields, strict=False)))


def _records(lines: _Lines, delimiter: str) -> Iterator[list[str] | _RowRefused]:
    """The fields of each record in turn, with the unreadable ones."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        lines.begin_row()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            lines.read_again()
            yield _RowRefused(MALFORMED, UNCLOSED)
        except _RowRefused as refused:
            if lines.taken:  # inside a row that an open quotation mark continues
                lines.read_again()
                yield _RowRefused(MALFORMED, UNCLOSED)
            if refused.rule != MALFORMED:
                yield refused


def _header(fields: list[str]) -> tuple[str, ...]:
    """The column names as flows write them. Unnamed columns at the end, left by spreadsheets, are dropped."""
    names = [_NOT_IN_NAMES.sub("_", name.strip().lower()).strip("_") for name in fields]
    while names and not names[-1]:
        names.pop()
    for place, name in enumerate(names, 1):
        if not name:
            raise ListUnreadable(f"column {place} of the list has no name: name it in the first row, or delete it")
        if name in names[: place - 1]:
            raise ListUnreadable(f"the list has two columns {name}: rename one, or delete it")
    return tuple(names)


def _json_rows(lines: _Lines) -> Iterator[RawRow | RefusedRow]:
    row = 0
    while True:
        lines.begin_row()
        row += 1
        try:
            line = next(lines, "")
            if not line:
                return
            if line.strip():
                yield RawRow(row, _object(line))
        except _RowRefused as refused:
            yield RefusedRow(row, refused.rule, refused.reason)


def _object(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise _RowRefused(MALFORMED, "it is not JSON: write one object in each line") from None
    if not isinstance(found, dict):
        raise _RowRefused(MALFORMED, 'it is not an object: write {"number": "+1…", …}')
    return {str(name).strip().lower(): value for name, value in found.items()}
