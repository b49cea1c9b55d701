"""Which calls are meant: by number, flow, outcome and time. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dialtone.adapters.calls_table import KEEP_DAYS
from dialtone.domain.errors import DialtoneError

if TYPE_CHECKING:
    from dialtone.domain.calls import Call

_DAY_CHARACTERS = len("2026-11-30")
_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Selection:
    """Calls for which everything holds that is said."""

    number: str = ""
    """On either side."""
    flow: str = ""
    outcome: str = ""
    """Of a call that goes on, its status."""
    live: bool | None = None
    """Calls that go on, or are over; None for both."""
    recorded: bool | None = None
    """Calls with recordings, or without; None for both."""

    def has(self, call: Call) -> bool:
        """Whether a call is one of them."""
        return (
            self.number in {"", call.from_number, call.to_number}
            and self.flow in {"", call.flow}
            and self.outcome in {"", state(call)}
            and self.live in {None, not call.ended_at}
            and self.recorded in {None, call.recordings_asked > 0}
        )


def state(call: Call) -> str:
    """The outcome of a call that is over, else how far it is."""
    return call.outcome if call.ended_at else call.status


def began(call: Call) -> datetime:
    """When a call began, as the table's index has it. The call must have begun."""
    return datetime.fromisoformat(call.initiated_at or call.answered_at or call.ended_at)


def kept(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The part of a stretch in which the table may have calls: each of its days costs a request.

    Older ones have expired; a clock of Telnyx's, or of a line that runs faster than time, may be ahead of ours.
    """
    return max(since, now - timedelta(days=KEEP_DAYS)), min(until, now + timedelta(days=1))


def ago_or_moment(written: str, now: datetime) -> datetime:
    """A time, written as one or as how long ago it was: `90s`, `15m`, `2h`, `3d`, `1w`. Raises DialtoneError."""
    if found := _AGO.fullmatch(written):
        return now - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        return moment(written).astimezone(UTC)
    except (DialtoneError, OverflowError):
        raise DialtoneError(
            f"{written!r} is not a time: say how long ago, as 2h or 3d, a day, 2026-11-30, or a time, 2026-11-30T14:00"
        ) from None


def moment(written: str, *, end: bool = False) -> datetime:
    """A day or a time, in UTC unless it says otherwise; as the `end` of a stretch a day is meant to its end.

    Raises DialtoneError for anything else.
    """
    try:
        found = datetime.fromisoformat(written)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found + timedelta(days=1) if end and len(written) == _DAY_CHARACTERS else found
    except (ValueError, OverflowError):
        raise DialtoneError(f"{written!r} is not a time: say a day, 2026-11-30, or a time, 2026-11-30T14:00") from None
