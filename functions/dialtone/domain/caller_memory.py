"""What flows remember of a caller from one call to the next, and how much that may be. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.compact_json import plain_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call

MEMORY = "memory."
"""The prefix of the variables remembered of a caller, if the flow has `memory`."""

MAX_MEMORY_BYTES = 2_000
"""For the names and values remembered of one caller, as JSON: notes, not a customer file."""


def remembered(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables to remember of a caller; an empty value removes a variable."""
    return {name: value for name, value in variables.items() if name.startswith(MEMORY) and value}


def is_too_much(variables: Mapping[str, str]) -> bool:
    """Whether what would be remembered of these variables is too large."""
    return len(plain_json(remembered(variables)).encode()) > MAX_MEMORY_BYTES


def is_remembered_anew(before: Call, after: Call) -> bool:
    """Whether an event has changed what is remembered of the caller, if that is somebody with a number."""
    return bool(after.person) and remembered(before.variables) != remembered(after.variables)
