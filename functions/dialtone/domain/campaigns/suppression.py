"""The suppression list: numbers that no campaign dials, until somebody takes them off it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

OPTED_OUT = "opted out in a call"
"""The reason where the person who was called, or called, said so themselves."""

MAX_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number that is not to be dialled."""

    number: str
    """E.164."""
    reason: str
    """In the words of the person who added it."""
    by: str
    """Who did, as AWS names them (`user/anna`), or the call in which its owner did (`call <session>`)."""
    at: int
    """Unix seconds."""
