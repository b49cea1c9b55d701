"""Phone numbers and SIP addresses: normalised, recognised as withheld, masked for logs. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote

E164 = re.compile(r"\+[1-9][0-9]{6,14}")

WITHHELD = "withheld"
"""The word for withheld numbers in conditions on the caller."""

_WITHHELD_WORDS = frozenset(
    {
        "anonymous",
        "blocked",
        "no caller id",
        "number withheld",
        "private",
        "private number",
        "restricted",
        "unavailable",
        "unknown",
        "unknown number",
        WITHHELD,
    }
)

_KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")

_PSEUDO_NUMBERS = frozenset(
    "+" + word.translate(_KEYPAD)
    for word in ("anonymous", "blocked", "private", "restricted", "unavailable", "unknown")
)
"""Some carriers spell a word on the keypad: +266696687 is ANONYMOUS. With the plus none of these is a real number;
without it, 7378742833 is a number in Austin."""

_ANONYMOUS_HOST = "anonymous.invalid"
"""RFC 3323, 4.1.1.3: the host of a caller who wants to stay anonymous."""

_SIP = r"(?i)(?:.*<)?(?:sips?:)?([^\s:@<>]+)(?::[^\s@<>]*)?@([^\s:;?@<>]+)[^\s@<>]*>?"
_SIP_USER = r"(?i)sips?:([^\s:@<>]+)"

_MIN_DIGITS = 7
"""Anything shorter is an extension or a short code, which no country's rules turn into a number."""

_MASKED_DIGITS = 4

MAX_MASKED_CHARACTERS = 64


def is_withheld(caller: str) -> bool:
    """Whether the caller withholds the number: '', a word such as Restricted, or a pseudo number."""
    user, host = _sip_parts(caller) or (caller, "")
    words = re.sub(r"[\s_.-]+", " ", user.lstrip("+")).strip().lower()
    nothing = not words.strip("0 ")
    return nothing or words in _WITHHELD_WORDS or user in _PSEUDO_NUMBERS or host == _ANONYMOUS_HOST


def caller_number(written: str, called: str = "") -> str:
    """The caller as the call stores it: E.164, a SIP address, or '' if the number is withheld.

    `called` shows in which country's format a number without a plus may be. An unreadable one stays as it is.
    """
    if is_withheld(written):
        return ""
    if E164.fullmatch(written):
        return written
    found = _from_sip(written, (called,)) or _read(written, (called,))
    return "" if is_withheld(found or f"+{written}") else found or written


def called_numbers(written: str, listed: Collection[str] = ()) -> tuple[str, ...]:
    """Every form in which a number file may list the number that was called, the closest first.

    `listed` are our own numbers: a number without a country code is one of them if only one of them fits.
    """
    if not written or E164.fullmatch(written):
        return (written,)
    parts = _sip_parts(written)
    if parts is None:
        return (_read(written, listed) or written,)
    user, host = parts
    forms = (f"sip:{user}@{host}", f"sip:{user}") if host else (f"sip:{user}",)
    number = user if E164.fullmatch(user) else _read(user, listed)
    return (*forms, number) if number else forms


def called_number(written: str, listed: Collection[str] = ()) -> str:
    """The number that was called as the call stores it: E.164 for a phone number of any form, else a SIP address."""
    forms = called_numbers(written, listed)
    return next((form for form in forms if E164.fullmatch(form)), forms[0])


def masked(number: str) -> str:
    """The number for a log, without its last four digits. SIP user names are not phone numbers and stay."""
    user, at, host = number[:MAX_MASKED_CHARACTERS].partition("@")
    left = _MASKED_DIGITS
    shown = list(user)
    for place in range(len(shown) - 1, -1, -1):
        if left and shown[place].isdigit():
            shown[place] = "*"
            left -= 1
    return "".join(shown) + at + host


def _sip_parts(written: str) -> tuple[str, str] | None:
    """User and host of a SIP address, in lower case, without parameters and port; None if it is not one."""
    if found := re.fullmatch(_SIP, written):
        user, host = found.groups()
    elif found := re.fullmatch(_SIP_USER, written):
        user, host = found.group(1), ""
    elif re.fullmatch(r"[^\s@:<>]*[A-Za-z][^\s@:<>]*", written):
        user, host = written, ""  # the connection may be set to give the SIP user's name alone
    else:
        return None
    return unquote(user.partition(";")[0]).lower(), host.lower()


def _from_sip(written: str, like: Iterable[str]) -> str:
    parts = _sip_parts(written)
    if parts is None:
        return ""
    user, host = parts
    number = user if E164.fullmatch(user) else _read(user, like)
    return number or (f"sip:{user}@{host}" if host else f"sip:{user}")


def _read(written: str, like: Iterable[str]) -> str:
    """The number in E.164, read in the country of the `like` numbers, or with a country code but no plus.

    '' if it is not a number. The library is loaded only here, since Telnyx nearly always sends E.164.
    """
    digits = re.sub(r"[^0-9]", "", written)
    if len(digits) < _MIN_DIGITS or re.search(r"[A-Za-z]", written.removeprefix("tel:")):
        return ""
    from dialtone.domain import numbering_plans  # noqa: PLC0415 -- the usual start does not pay for it

    ours = [number for number in like if E164.fullmatch(number)]
    national = numbering_plans.national_readings(written, ours)
    listed = national & frozenset(ours)
    if len(listed) == 1:
        return next(iter(listed))
    international = f"+{digits.removeprefix('00')}"
    if international in ours:
        return international
    valid = [number for number in national if numbering_plans.is_valid(number)]
    if len(valid) == 1:
        return valid[0]
    return international if numbering_plans.is_possible(international) else ""
