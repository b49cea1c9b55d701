"""Checks of keyed digits that no pattern can express: a check digit, an existing date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

Check = Literal["luhn", "ddmmyyyy", "mmddyyyy", "yyyymmdd", "hhmm"]

_FORMS: Mapping[str, tuple[int, str]] = {
    "ddmmyyyy": (8, "%d%m%Y"),
    "mmddyyyy": (8, "%m%d%Y"),
    "yyyymmdd": (8, "%Y%m%d"),
    "hhmm": (4, "%H%M"),
}
"""Check → how many digits it takes, and what they stand for."""


def passes(check: Check, digits: str) -> bool:
    """Whether digits pass the check."""
    if check == "luhn":
        return _luhn(digits)
    length, form = _FORMS[check]
    if len(digits) != length:
        return False
    try:
        datetime.strptime(digits, form)  # noqa: DTZ007 -- of any zone: only whether there is such a day, or time
    except ValueError:
        return False
    return True


def _luhn(digits: str) -> bool:
    """The check digit of cards and many accounts: ISO/IEC 7812, annex B."""
    doubled = (sum(divmod(2 * int(each), 10)) for each in digits[-2::-2])
    return bool(digits) and (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
