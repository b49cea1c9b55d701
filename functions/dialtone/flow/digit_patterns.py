"""How long a regular expression may take over keyed digits. Pure.

Python's matcher tries one possibility after another: `(1|1)*2` over thirty ones takes longer than a call. So before a
flow is accepted, an upper bound of the attempts is calculated: alternatives add up, a sequence multiplies, and a
repetition multiplies as often as it may repeat.
"""

from __future__ import annotations

import re

MOST_ATTEMPTS = 100_000
"""An attempt takes microseconds, and a webhook has a second."""

MAX_DIGITS = 128
"""Telnyx's limit for one gather."""

_REPEATED = re.compile(r"(?:(?P<sign>[*+?])|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\})[?+]?")
_OPENING = re.compile(r"\((?:\?(?:P<\w+>|<?[=!]|[a-zA-Z-]*:|>))?")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)


def attempts(pattern: str) -> int:
    """An upper bound of the attempts that a valid pattern may take over digits; MOST_ATTEMPTS + 1 stands for more."""
    return _choice(pattern, 0)[0]


def _choice(pattern: str, place: int) -> tuple[int, int]:
    """The attempts of alternatives, up to the end or the closing parenthesis, and the place after it."""
    total, together = 0, 1
    while place < len(pattern):
        if pattern[place] == ")":
            return _bounded(total + together), place + 1
        if pattern[place] == "|":
            total, together, place = total + together, 1, place + 1
            continue
        if opening := _OPENING.match(pattern, place):
            inner, place = _choice(pattern, opening.end())
        else:
            atom = _ATOM.match(pattern, place)
            inner, place = 1, atom.end() if atom else place + 1
        if repeated := _REPEATED.match(pattern, place):
            inner, place = _repeated(inner, repeated), repeated.end()
        together = _bounded(together * inner)
    return _bounded(total + together), place


def _repeated(inner: int, how: re.Match[str]) -> int:
    least, most = _bounds(how)
    if inner == 1:
        return _bounded(most - least + 1)
    return _bounded((most - least + 1) * inner ** min(most, MAX_DIGITS))


def _bounds(how: re.Match[str]) -> tuple[int, int]:
    if how["sign"]:
        return {"*": (0, MAX_DIGITS), "+": (1, MAX_DIGITS), "?": (0, 1)}[how["sign"]]
    least = int(how["least"] or 0)
    most = int(how["most"]) if how["most"] else MAX_DIGITS if how["comma"] else least
    return least, max(least, min(most, MAX_DIGITS))


def _bounded(count: int) -> int:
    return min(count, MOST_ATTEMPTS + 1)


def lengths(pattern: str) -> tuple[int, int]:
    """The fewest and the most digits that a valid pattern matches as a whole, as far as this module can tell.

    If it is not sure, the range is too wide, never too narrow.
    """
    fewest, most, _ = _lengths(pattern, 0)
    return fewest, most


_WIDTHLESS = re.compile(r"\\[AbBZ]|[\^$]")
_REFERENCE = re.compile(r"\\[1-9]")
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]")


def _lengths(pattern: str, place: int) -> tuple[int, int, int]:
    """The fewest and most digits of alternatives, up to the end or closing parenthesis, and the place after it."""
    branches, fewest, most = [], 0, 0
    while place < len(pattern) and pattern[place] != ")":
        if pattern[place] == "|":
            branches.append((fewest, most))
            fewest, most, place = 0, 0, place + 1
            continue
        least_once, most_once, place = _one_length(pattern, place)
        if repeated := _REPEATED.match(pattern, place):
            least, times = _bounds(repeated)
            least_once, most_once, place = least_once * least, most_once * times, repeated.end()
        fewest, most = min(fewest + least_once, MAX_DIGITS), min(most + most_once, MAX_DIGITS)
    branches.append((fewest, most))
    return min(low for low, _ in branches), max(high for _, high in branches), place + 1


def _one_length(pattern: str, place: int) -> tuple[int, int, int]:
    """The same for one group or character."""
    if opening := _OPENING.match(pattern, place):
        fewest, most, after = _lengths(pattern, opening.end())
        return (0, 0, after) if _LOOKS_AROUND.match(pattern, place) else (fewest, most, after)
    if found := _WIDTHLESS.match(pattern, place):
        return 0, 0, found.end()
    if found := _REFERENCE.match(pattern, place):
        return 0, MAX_DIGITS, found.end()
    atom = _ATOM.match(pattern, place)
    return 1, 1, atom.end() if atom else place + 1
