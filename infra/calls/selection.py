"""Which calls are meant: by number, flow, outcome and time. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.custody.selection import moment

if TYPE_CHECKING:
    from dialtone.domain.calls import Call

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

    def has(self, call: Call) -> bool:
        """Whether a call is one of them."""
        return (
            self.number in {"", call.from_number, call.to_number}
            and self.flow in {"", call.flow}
            and self.outcome in {"", state(call)}
        )


def state(call: Call) -> str:
    """The outcome of a call that is over, else how far it is."""
    return call.outcome if call.ended_at else call.status


def began(call: Call) -> datetime:
    """When a call began, as the table's index has it. The call must have begun."""
    return datetime.fromisoformat(call.initiated_at or call.answered_at or call.ended_at)


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
