"""Fills a call's variables into texts: `{caller}`, `{digits.account}`, `{name}`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from dialtone.domain.call_variables import persistent_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call

LANGUAGE = "language"
"""The variable that says which language the caller has chosen."""

DIGITS = "digits."
"""How the variables begin that hold what callers have keyed in."""

WAITING_SINCE = "waiting.since"
"""The variable that holds when the caller began to wait for somebody who is rung, as ISO 8601."""

WAITED = "waited"
"""The name under which the minutes since then are filled in: it is reckoned, not kept."""

SECONDS_A_MINUTE = 60

CALLER, CALLED = "caller", "called"

KNOWN_OF_EVERY_CALL = frozenset({CALLER, CALLED})
"""Names that a flow cannot set: the call has them."""

MAX_VALUE_CHARACTERS = 1_000
"""Of a variable that a flow sets: one that is set out of itself could otherwise grow without bound."""

VARIABLE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"
"""A variable's name: words in lower case, with dots between the kinds of things (`digits.account`)."""

_PLACEHOLDER = re.compile(rf"\{{({VARIABLE})\}}")

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML can hold, not even escaped. Written as what XML can hold, it takes 5 ms to compile."""


def known(call: Call) -> dict[str, str]:
    """Everything that can be filled in: the call's variables, its two numbers, and how long the caller has waited.

    Not the URL of a message: it must not get into stored data, or to other systems.
    """
    values = {**persistent_variables(call.variables), CALLER: call.from_number, CALLED: call.to_number}
    since = call.variables.get(WAITING_SINCE)
    if not (since and call.entered_at):
        return values
    return {**values, WAITED: _minutes_between(since, call.entered_at)}


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with `{name}` replaced; unknown names become nothing, never an error in the middle of a call."""
    return _PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), text)


def spoken(text: str, values: Mapping[str, str]) -> str:
    """The same to be spoken: what was keyed in is read digit by digit, not as one large number."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        known_as = values.get(name, "")
        return " ".join(known_as) if name.startswith(DIGITS) else known_as

    return _PLACEHOLDER.sub(value, text)


def filled_ssml(text: str, values: Mapping[str, str]) -> str:
    """The same in SSML: nothing that is filled in can become a tag, an entity or the end of an attribute."""
    return _PLACEHOLDER.sub(lambda found: escaped(values.get(found.group(1), "")), text)


def escaped(text: str) -> str:
    """The text as it may stand in XML, between tags and in attributes."""
    return escape(_UNWRITABLE.sub("", text), {'"': "&quot;", "'": "&apos;"})


def _minutes_between(earlier: str, later: str) -> str:
    seconds = (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    return str(max(0, int(seconds // SECONDS_A_MINUTE)))


def unfilled(text: str, values: Mapping[str, str]) -> list[str]:
    """The variables that a text names and that are empty, or not known at all."""
    return [name for name in dict.fromkeys(names_in(text)) if not values.get(name)]


def names_in(text: str) -> Iterator[str]:
    """The variables that a text names, in order."""
    return (found.group(1) for found in _PLACEHOLDER.finditer(text))
