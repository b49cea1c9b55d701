"""When a call is made, as people and conversations write it."""

from __future__ import annotations

from datetime import UTC, datetime

from dialtone.domain.errors import DialtoneError

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Time zones and files' dates are of no use outside."""


def moment(text: str) -> datetime:
    """The time; in UTC where it names no offset. Raises DialtoneError."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        at = None
    if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise DialtoneError(f"{text} is not a time: write one as 2026-12-24T10:00")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
