"""Fills a call's variables into texts: `{caller}`, `{digits.account}`, `{name}`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from dialtone.domain.call_variables import persistent_variables
from dialtone.domain.recordings import EXPECTED, Recording, object_key

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

HANGUP_BY, HANGUP_CAUSE = "hangup.by", "hangup.cause"
RECORDING_NAME, RECORDING_KEY = "recording.name", "recording.key"
KNOWN_AFTER_HANGUP = frozenset({HANGUP_BY, HANGUP_CAUSE, RECORDING_NAME, RECORDING_KEY})
"""Names that are known in steps after the hang-up; a flow's own variable of such a name comes first."""

DAY = len("2030-12-24")

KNOWN_OF_EVERY_CALL = frozenset({CALLER, CALLED})
"""Names that a flow cannot set: the call has them."""

MAX_VALUE_CHARACTERS = 1_000
"""Of a variable that a flow sets: one that is set out of itself could otherwise grow without bound."""

VARIABLE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"
"""A variable's name: words in lower case, with dots between the kinds of things (`digits.account`)."""

FUNCTIONS = r"(( *\| *[a-z]+( [A-Za-z0-9]+)?){1,4} *)?"
"""What is done with a variable where it is filled in, one function after another: ` | last 4 | digits`."""

PLACEHOLDER = re.compile(rf"\{{(?P<name>{VARIABLE})(?P<functions>{FUNCTIONS})\}}")
"""Where a text names a variable, with what is done with it."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML can hold, not even escaped. Written as what XML can hold, it takes 5 ms to compile."""


def known(call: Call) -> dict[str, str]:
    """Everything that can be filled in: the call's variables, its numbers, what is known of the caller and the wait.

    Not the URL of a message: it must not get into stored data, or to other systems.
    """
    values = {**call.trust, **persistent_variables(call.variables), CALLER: call.from_number, CALLED: call.to_number}
    if call.after_turn:
        values = {**_known_of_the_end(call), **values}
    since = call.variables.get(WAITING_SINCE)
    if not (since and call.entered_at):
        return values
    return {**values, WAITED: _minutes_between(since, call.entered_at)}


def _known_of_the_end(call: Call) -> dict[str, str]:
    """Who hung up and why, and the last recording that was asked for: its name, and its key where that is certain."""
    number = call.recordings_asked
    return {
        HANGUP_BY: call.hangup_source,
        HANGUP_CAUSE: call.hangup_cause,
        RECORDING_NAME: f"{call.leg_id}-{number:02d}" if number else "",
        RECORDING_KEY: _recording_key(call, number),
    }


def _recording_key(call: Call, number: int) -> str:
    """Without the suffix; '' where it is not certain.

    It has the day on which the recording began: known of one that has not come only if the call ended on the day on
    which it was asked for.
    """
    begins = [each.started_at for each in call.reported if each.number == number]
    begins += [
        each.requested_at
        for each in call.recordings
        if each.number == number and each.status == EXPECTED and each.requested_at[:DAY] == call.ended_at[:DAY]
    ]
    if not any(begins):
        return ""
    named = Recording(call.session_id, call.leg_id, number, 0, requested_at=max(begins), source="")
    return object_key(named, "").removesuffix(".")


def filled(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The text with `{name}` replaced; unknown names become nothing, never an error in the middle of a call.

    Dates and the like are written in the language, without one in that which the caller has chosen.
    """
    return PLACEHOLDER.sub(lambda found: _value(found, values, language), text)


def spoken(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The same to be spoken: what was keyed in is read digit by digit, not as one large number."""

    def value(found: re.Match[str]) -> str:
        said = _value(found, values, language)
        return " ".join(said) if found["name"].startswith(DIGITS) and not _is_read_out(found) else said

    return PLACEHOLDER.sub(value, text)


def filled_ssml(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The same in SSML: nothing that is filled in can become a tag, an entity or the end of an attribute."""
    return PLACEHOLDER.sub(lambda found: escaped(_value(found, values, language)), text)


def _value(found: re.Match[str], values: Mapping[str, str], language: str) -> str:
    value = values.get(found["name"], "")
    if not (value and found["functions"]):
        return value
    from dialtone.flow.text_functions import applied  # noqa: PLC0415 -- a start from cold need not load it

    # Reading one character after another doubles a value.
    return applied(_functions(found), value, language or values.get(LANGUAGE, ""))[: 2 * MAX_VALUE_CHARACTERS]


def _is_read_out(found: re.Match[str]) -> bool:
    if not found["functions"]:
        return False
    from dialtone.flow.text_functions import reads_out  # noqa: PLC0415 -- as above

    return reads_out(_functions(found))


def _functions(found: re.Match[str]) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in (found["functions"] or "").split("|"))))


def functions_in(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The variables with functions that a text names, in order, each with its functions as they are written."""
    return ((found["name"], _functions(found)) for found in PLACEHOLDER.finditer(text) if found["functions"])


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
    return (found["name"] for found in PLACEHOLDER.finditer(text))
