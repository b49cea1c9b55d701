"""Selects calls by number, flow, outcome and time. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from dialtone.domain.retention import KEEP_DAYS

if TYPE_CHECKING:
    from dialtone.domain.calls import Call

_DAY_CHARACTERS = len("2026-11-30")
_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Selection:
    """A filter of calls; all set criteria must match."""

    number: str = ""
    """Caller or called number."""
    flow: str = ""
    outcome: str = ""
    """The outcome; for an open call, its status."""
    live: bool | None = None
    """True: open calls; False: ended calls; None: both."""
    recorded: bool | None = None
    """True: calls with recordings; False: calls without; None: both."""

    def has(self, call: Call) -> bool:
        """Whether a call matches."""
        return (
            self.number in {"", call.from_number, call.to_number}
            and self.flow in {"", call.flow}
            and self.outcome in {"", state(call)}
            and self.live in {None, not call.ended_at}
            and self.recorded in {None, call.recordings_asked > 0}
        )


def state(call: Call) -> str:
    """The outcome of an ended call; the status of an open one."""
    return call.outcome if call.ended_at else call.status


def began(call: Call) -> datetime:
    """When a call began, as in the table's index. The call must have begun."""
    return datetime.fromisoformat(call.initiated_at or call.answered_at or call.ended_at)


def kept(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The part of a period for which the table can have calls: each day costs a request.

    Older calls have expired; other clocks (Telnyx's, a simulation's) may be ahead of ours.
    """
    return max(since, now - timedelta(days=KEEP_DAYS)), min(until, now + timedelta(days=1))


def ago_or_moment(written: str, now: datetime) -> datetime:
    """A time, written as such or as how long ago it was: `90s`, `15m`, `2h`, `3d`, `1w`. Raises DialtoneError."""
    if found := _AGO.fullmatch(written):
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        return moment(written).astimezone(UTC)
    except (DialtoneError, OverflowError):
        raise DialtoneError(
            f"{written!r} is not a time: give how long ago (2h, 3d), a day (2026-11-30) or a time (2026-11-30T14:00)"
        ) from None


def moment(written: str, *, end: bool = False) -> datetime:
    """A day or a time, in UTC by default; a day as the `end` of a period includes all of it.

    Raises DialtoneError for anything else.
    """
    try:
        found = datetime.fromisoformat(written)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found + timedelta(days=1) if end and len(written) == _DAY_CHARACTERS else found
    except (ValueError, OverflowError):
        raise DialtoneError(
            f"{written!r} is not a time: give a day (2026-11-30) or a time (2026-11-30T14:00)"
        ) from None
