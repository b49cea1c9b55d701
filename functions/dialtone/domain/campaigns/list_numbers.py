"""A phone number as people write it in a list: E.164 if it can mean only one number, else why not. Pure."""

from __future__ import annotations

import re
import unicodedata

from dialtone.domain import numbering_plans
from dialtone.domain.errors import DialtoneError
from dialtone.domain.numbers import E164

_EXCEL_TEXT = re.compile(r'="?([^"=]*)"?')
"""`="+49 30 901820"`: how people keep spreadsheets from reformatting a number."""
_EXPONENT = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_FRACTION = re.compile(r"\+?[0-9]{7,}\.0+")
"""A phone number that a program treated as a quantity: 4930901820.0."""
_EXTENSION = re.compile(r"(?:ext\.?|extn\.?|[x#;]|durchwahl)\s*[0-9]{1,7}$", re.IGNORECASE)
_BETWEEN_NUMBERS = re.compile(r"[/,;|\n]|\bor\b|\boder\b|\band\b", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Text direction marks and the like, copied along from address books."""
_WRITTEN = re.compile(r"\+?[0-9 ()./\u2010-\u2015-]+")

_LEAST_DIGITS = 6
"""The shortest second number in a field: a shorter piece belongs to the first, as in 030/901820."""
MAX_CHARACTERS = 60


class NumberUnclear(DialtoneError):  # noqa: N818 -- reads as the sentence it is: the number is unclear
    """The text is not one number, or may be several."""


def read_number(written: str, like: str) -> str:
    """The number in E.164. Without a country code it is read in the country of `like`, an E.164 number.

    Raises NumberUnclear.
    """
    if E164.fullmatch(written):
        return written
    text = _cleaned(written)
    if not text:
        raise NumberUnclear("there is no number")
    if len(text) > MAX_CHARACTERS:
        raise NumberUnclear(f"it has {len(text):,} characters, too many for a number")
    if _EXPONENT.fullmatch(text):
        raise NumberUnclear(f"a spreadsheet has rounded it to {text}: format the column as text, and export it again")
    if _FRACTION.fullmatch(text):
        text = text.partition(".")[0]
    if _EXTENSION.search(text):
        raise NumberUnclear("it has an extension, which cannot be dialled: write the number that rings by itself")
    pieces = [piece for piece in _BETWEEN_NUMBERS.split(text) if sum(map(str.isdigit, piece)) >= _LEAST_DIGITS]
    if len(pieces) > 1:
        raise NumberUnclear("there are several numbers: write one in each row")
    if not _WRITTEN.fullmatch(text):
        raise NumberUnclear("it has letters or signs that are in no number")
    return _parsed(text, like)


def _cleaned(written: str) -> str:
    """The text in plain digits, without what spreadsheets and address books add to a number."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", written)).strip()
    if found := _EXCEL_TEXT.fullmatch(text):
        text = found[1].strip()
    text = text.lstrip("'`\u2018\u2019").strip()
    if text[:4].lower() == "tel:":
        text = text[4:].strip()
    return "".join(str(unicodedata.digit(each)) if each.isdigit() else " " if each.isspace() else each for each in text)


def _parsed(text: str, like: str) -> str:
    digits = re.sub(r"[^0-9]", "", text)
    if text.startswith("00"):  # the prefix for another country's code in most of the world
        text, digits = f"+{text[2:]}", digits[2:]
    national = sorted(numbering_plans.national_readings(text, (like,)))
    with_country = f"+{digits}"
    if text.startswith("+"):
        found = national[0] if national else with_country
        if not E164.fullmatch(found):
            raise NumberUnclear("it is too short or too long for a number with its country")
        return found
    if not like:
        raise NumberUnclear("it has no country: write it with + and its country's code")
    readings = {*national, with_country}
    valid = sorted(each for each in readings if E164.fullmatch(each) and _is_valid(each))
    if len(valid) > 1:
        raise NumberUnclear(f"it may be {' or '.join(valid)}: write it with + and its country's code")
    if not valid and not national:
        raise NumberUnclear("it is too short or too long for a number")
    return (valid or national)[0]


def _is_valid(number: str) -> bool:
    return numbering_plans.is_possible(number) and numbering_plans.is_valid(number)
