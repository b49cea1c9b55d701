"""The names of variables, as keys or values of a flow, and which of them calls set by themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from dialtone.domain.call_variables import ANSWERED_BY, GREETING, MESSAGE_ADDRESS, OUTCOME
from dialtone.domain.caller_memory import MEMORY
from dialtone.flow.consent import VARIABLE as CONSENT
from dialtone.flow.templating import DIGITS, KNOWN_OF_EVERY_CALL, LANGUAGE, VARIABLE, WAITED, WAITING_SINCE

VariableName = Annotated[str, StringConstraints(pattern=rf"^{VARIABLE}$")]

_OF_CALLS_THEMSELVES = KNOWN_OF_EVERY_CALL | {
    ANSWERED_BY,
    CONSENT,
    GREETING,
    MESSAGE_ADDRESS,
    OUTCOME,
    WAITED,
    WAITING_SINCE,
}

OF_THE_WHOLE_CALL = _OF_CALLS_THEMSELVES | {LANGUAGE}
"""Variables about the call itself: all flows share them, even a flow with inputs of its own."""


def is_givable(name: str) -> bool:
    """Whether a flow input may have this name: calls do not set such a variable themselves."""
    return name not in _OF_CALLS_THEMSELVES and not name.startswith((DIGITS, MEMORY))
