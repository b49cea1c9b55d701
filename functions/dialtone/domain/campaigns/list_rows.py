"""Checks every row of a list as a stream: a rule refuses it, or it becomes a recipient. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from dialtone.domain import numbering_plans
from dialtone.domain.campaigns.dialling_rules import NO_COMMON_WINDOW, SUPPRESSED, next_opening
from dialtone.domain.campaigns.list_numbers import NumberUnclear, read_number
from dialtone.domain.campaigns.list_reader import RefusedRow, read_rows
from dialtone.domain.campaigns.number_index import NumberIndex
from dialtone.domain.campaigns.recipient import Recipient
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from dialtone.domain.campaigns.campaign import Window
    from dialtone.domain.campaigns.list_reader import RawRow

NUMBER_COLUMNS = ("number", "phone", "to")
"""The possible names of the column with the number."""
ZONE_COLUMN = "time_zone"

NUMBER, UNKNOWN_NUMBER, PREMIUM, DUPLICATE = "number", "unknown_number", "premium_rate", "duplicate"
ZONE, MISSING, VALUE, FORMULA, TOO_MUCH = "time_zone", "missing_value", "value", "formula", "too_much"

_FORMULA = re.compile(r"\s*(=|[@+-]\s*[A-Za-z_]+\s*[(!|])")
"""Text that a spreadsheet would calculate. A sign before a number, or alone, is text."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")

_MOST_SHOWN = 60


class ListInvalid(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the list is invalid
    """The list's columns are not those that the flow needs."""


@dataclass(frozen=True, slots=True)
class ListRules:
    """What to check a list against."""

    needs: tuple[str, ...]
    """The variables that the flow needs, each a column."""
    like: str
    """An E.164 number: numbers without a country code are read in the same country."""
    window: Window
    starts_at: int
    """Unix seconds."""
    max_bytes: int
    """For a recipient's variables as JSON."""
    ignored: frozenset[str] = frozenset()
    """Columns to ignore."""


@dataclass(slots=True)
class ListCheck:
    """Checks rows one by one; remembers those before."""

    rules: ListRules
    suppressed: Container[str] = ()
    """Numbers that must not be dialled, in E.164."""
    _numbers: NumberIndex = field(default_factory=NumberIndex)
    _number_column: str = ""

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Recipient | RefusedRow]:
        """Every row of a list, in order. Raises ListUnreadable, and ListInvalid before the first row."""
        for raw in read_rows(chunks):
            yield raw if isinstance(raw, RefusedRow) else self._checked(raw)

    def _checked(self, raw: RawRow) -> Recipient | RefusedRow:
        if not self._number_column:
            self._number_column = self._check_columns(raw.fields)
        try:
            return self._recipient(raw)
        except _Refused as refused:
            return RefusedRow(raw.row, refused.rule, refused.reason, refused.number)

    def _check_columns(self, names: Collection[str]) -> str:
        """The column with the numbers. Raises ListInvalid if a column is missing, or unknown to the flow."""
        numbers = [name for name in NUMBER_COLUMNS if name in names and name not in self.rules.needs]
        if len(numbers) != 1:
            found = f"has the columns {' and '.join(numbers)}" if numbers else "has no column `number`"
            raise ListInvalid(f"the list {found}: name the one with the phone numbers `number`")
        known = {*self.rules.needs, *self.rules.ignored, ZONE_COLUMN, *numbers}
        if unknown := [name for name in names if name not in known]:
            near = get_close_matches(unknown[0], self.rules.needs, 1)
            remedy = f"did you mean {near[0]}?" if near else f"declare it under `given`, or add --ignore {unknown[0]}"
            raise ListInvalid(f"the flow is given no {_shown(unknown[0])}, a column of the list; {remedy}")
        if missing := [name for name in self.rules.needs if name not in names]:
            raise ListInvalid(f"the flow is given {', '.join(missing)}: add a column of that name to the list")
        return numbers[0]

    def _recipient(self, raw: RawRow) -> Recipient:
        number, zones = self._dialled(raw)
        variables = {name: _value(name, raw.fields.get(name)) for name in self.rules.needs}
        if empty := [name for name, value in variables.items() if not value]:
            raise _Refused(
                MISSING, f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty: fill in", number
            )
        size = len(json.dumps(variables, ensure_ascii=False).encode())
        if size > self.rules.max_bytes:
            allowed = f"{self.rules.max_bytes:,} go with a call: shorten them"
            raise _Refused(TOO_MUCH, f"the values have {size:,} bytes, and {allowed}", number)
        first = self._numbers.add(number, raw.row)
        if first != raw.row:
            raise _Refused(DUPLICATE, f"it is the number of row {first}, which is dialled", number)
        return Recipient(raw.row, number, zones, variables)

    def _dialled(self, raw: RawRow) -> tuple[str, tuple[str, ...]]:
        """The number and its time zones, if it may be dialled at all."""
        written = _value("number", raw.fields.get(self._number_column))
        try:
            number = read_number(written, self.rules.like)
        except NumberUnclear as unclear:
            raise _Refused(NUMBER, f"{_shown(written)}: {unclear}" if written else str(unclear)) from None
        named = _value(ZONE_COLUMN, raw.fields.get(ZONE_COLUMN))
        if named and not _is_zone(named):
            raise _Refused(ZONE, f"{_shown(named)} is not a time zone: write one such as Europe/Berlin", number)
        planned = numbering_plans.planned(number)
        if planned.premium:
            raise _Refused(
                PREMIUM, "calls to it cost extra, so that it is hardly anybody's own: delete the row", number
            )
        zones = (named,) if named else planned.zones
        if not zones or not planned.possible:
            where = f"no plan has such a number: correct it, or name its time zone in a column {ZONE_COLUMN}"
            raise _Refused(UNKNOWN_NUMBER, where, number)
        if number in self.suppressed:
            raise _Refused(SUPPRESSED, "it is on the suppression list", number)
        if not _has_opening(self.rules.window, zones, self.rules.starts_at):
            many = (
                f"it may be in any of {len(zones)} time zones, and {self.rules.window} is never in all of them at once"
            )
            raise _Refused(NO_COMMON_WINDOW, f"{many}: name its own in a column {ZONE_COLUMN}", number)
        return number, zones


class _Refused(Exception):  # noqa: N818 -- reads as the sentence it is: the row is refused
    def __init__(self, rule: str, reason: str, number: str = "") -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
        self.number = number


def _value(name: str, written: Any) -> str:  # noqa: ANN401 -- any JSON
    """A field as text; '' for a missing one."""
    if written is None:
        return ""
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, (int, float)):
        return str(int(written)) if written == written // 1 else str(written)
    if not isinstance(written, str):
        raise _Refused(VALUE, f"{name} is a list or an object: write text")
    text = written.strip()
    if _CONTROL.search(text):
        raise _Refused(VALUE, f"{name} has control characters in it: type it anew")
    if name not in NUMBER_COLUMNS and _FORMULA.match(text):
        raise _Refused(FORMULA, f"{name} is the formula {_shown(text)}: write what comes of it")
    return text


@lru_cache(maxsize=1_000)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # empty, a path or a folder: not a time zone
        return False
    return True


@lru_cache(maxsize=10_000)
def _has_opening(window: Window, zones: tuple[str, ...], starts_at: int) -> bool:
    return next_opening(window, zones, starts_at) is not None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def counted(refused: Mapping[str, int], rows: int) -> str:
    """A summary such as `3 of 2,000 will be skipped, because: 2 duplicate, 1 number`."""
    total = sum(refused.values())
    if not total:
        return f"all {rows:,} rows can be dialled"
    parts = (f"{count:,} {rule}" for rule, count in sorted(refused.items(), key=lambda each: (-each[1], each[0])))
    return f"{total:,} of {rows:,} will be skipped, because: {', '.join(parts)}"
