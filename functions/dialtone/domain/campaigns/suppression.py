"""The suppression list: numbers that no campaign dials, until somebody takes them off it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

OPTED_OUT = "opted out in a call"
"""The reason if the person opted out during a call."""

MAX_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number that must not be dialled."""

    number: str
    """E.164."""
    reason: str
    """The reason, in the words of the person who added it."""
    by: str
    """Who added it, by AWS's name (`user/anna`), or the call in which its owner opted out (`call <session>`)."""
    at: int
    """Unix seconds."""
