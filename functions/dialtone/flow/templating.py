"""Fills a call's variables into texts: `{caller}`, `{digits.account}`, `{name}`."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import TYPE_CHECKING

from dialtone.domain.call_variables import persistent_variables
from dialtone.domain.recordings import EXPECTED, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dialtone.domain.calls import Call

LANGUAGE = "language"
"""The variable with the language that the caller chose."""

DIGITS = "digits."
"""The prefix of the variables that hold keyed digits."""

WAITING_SINCE = "waiting.since"
"""The variable with the time when the caller began to wait for somebody to answer, in ISO 8601."""

WAITED = "waited"
"""The name for the minutes since then: calculated, not stored."""

SECONDS_A_MINUTE = 60

CALLER, CALLED = "caller", "called"

HANGUP_BY, HANGUP_CAUSE = "hangup.by", "hangup.cause"
RECORDING_NAME, RECORDING_KEY = "recording.name", "recording.key"
KNOWN_AFTER_HANGUP = frozenset({HANGUP_BY, HANGUP_CAUSE, RECORDING_NAME, RECORDING_KEY})
"""Names that exist in steps after the hang-up; a flow's own variable of the same name takes precedence."""

DAY = len("2030-12-24")

KNOWN_OF_EVERY_CALL = frozenset({CALLER, CALLED})
"""Names that a flow cannot set: the call has them."""

MAX_VALUE_CHARACTERS = 1_000
"""For a variable that a flow sets: without a limit, one set from itself could grow for ever."""

VARIABLE = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*"
"""A variable's name: words in lower case, with dots between the kinds of things (`digits.account`)."""

FUNCTIONS = r"(( *\| *[a-z]+( [A-Za-z0-9]+)?){1,4} *)?"
"""The functions applied to a variable, one after another: ` | last 4 | digits`."""

PLACEHOLDER = re.compile(rf"\{{(?P<name>{VARIABLE})(?P<functions>{FUNCTIONS})\}}")
"""A variable in a text, with its functions."""

_UNWRITABLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
"""Characters that XML cannot contain, not even escaped. A pattern of the allowed ones would take 5 ms to compile."""


def known(call: Call) -> dict[str, str]:
    """Everything that can be filled in: the call's variables and numbers, facts about the caller and the wait.

    The URL of a message is left out: it must not get into stored data or to other systems.
    """
    values = {**call.trust, **persistent_variables(call.variables), CALLER: call.from_number, CALLED: call.to_number}
    if call.after_turn:
        values = {**_known_of_the_end(call), **values}
    since = call.variables.get(WAITING_SINCE)
    if not (since and call.entered_at):
        return values
    return {**values, WAITED: _minutes_between(since, call.entered_at)}


def _known_of_the_end(call: Call) -> dict[str, str]:
    """Who hung up and why, and the last recording that was requested: its name, and its key if that is certain."""
    number = call.recordings_asked
    return {
        HANGUP_BY: call.hangup_source,
        HANGUP_CAUSE: call.hangup_cause,
        RECORDING_NAME: f"{call.leg_id}-{number:02d}" if number else "",
        RECORDING_KEY: _recording_key(call, number),
    }


def _recording_key(call: Call, number: int) -> str:
    """The key without its suffix; '' if it is not certain.

    The key contains the day on which the recording began. Before the recording arrives, that day is known only if the
    call ended on the day of the request.
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
    from dialtone.domain.object_keys import object_key  # noqa: PLC0415 -- few texts name a recording

    return object_key(named, "").removesuffix(".")


def filled(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The text with variables filled in. Unknown names become empty: a call must not fail in the middle.

    Dates and the like are formatted for the language; by default that is the one the caller chose.
    """
    return PLACEHOLDER.sub(lambda found: _value(found, values, language), text)


def spoken(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The same for speech: keyed digits are read one by one, not as one large number."""

    def value(found: re.Match[str]) -> str:
        said = _value(found, values, language)
        return " ".join(said) if found["name"].startswith(DIGITS) and not _is_read_out(found) else said

    return PLACEHOLDER.sub(value, text)


def filled_ssml(text: str, values: Mapping[str, str], language: str = "") -> str:
    """The same for SSML: a value cannot become a tag, an entity or the end of an attribute."""
    return PLACEHOLDER.sub(lambda found: escaped(_value(found, values, language)), text)


def _value(found: re.Match[str], values: Mapping[str, str], language: str) -> str:
    value = values.get(found["name"], "")
    if not (value and found["functions"]):
        return value
    from dialtone.flow.text_functions import applied  # noqa: PLC0415 -- a start from cold need not load it

    # Reading out one character after another doubles a value's length.
    return applied(_functions(found), value, language or values.get(LANGUAGE, ""))[: 2 * MAX_VALUE_CHARACTERS]


def _is_read_out(found: re.Match[str]) -> bool:
    if not found["functions"]:
        return False
    from dialtone.flow.text_functions import reads_out  # noqa: PLC0415 -- as above

    return reads_out(_functions(found))


def _functions(found: re.Match[str]) -> tuple[str, ...]:
    return tuple(filter(None, (each.strip() for each in (found["functions"] or "").split("|"))))


def functions_in(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The variables with functions in a text, in order, each with its functions as written."""
    return ((found["name"], _functions(found)) for found in PLACEHOLDER.finditer(text) if found["functions"])


def escaped(text: str) -> str:
    """The text, escaped for XML text and attributes."""
    return html.escape(re.sub(_UNWRITABLE, "", text), quote=False).replace('"', "&quot;").replace("'", "&apos;")


def _minutes_between(earlier: str, later: str) -> str:
    seconds = (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
    return str(max(0, int(seconds // SECONDS_A_MINUTE)))


def unfilled(text: str, values: Mapping[str, str]) -> list[str]:
    """The variables in a text that are empty or unknown."""
    return [name for name in dict.fromkeys(names_in(text)) if not values.get(name)]


def names_in(text: str) -> Iterator[str]:
    """The variables in a text, in order."""
    return (found["name"] for found in PLACEHOLDER.finditer(text))
