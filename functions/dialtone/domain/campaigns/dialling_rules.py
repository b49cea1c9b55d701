"""Whether a number may be dialled now, by law and good manners; if not, by which rule, and until when. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialtone.domain.campaigns.campaign import MINUTES_A_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.domain.campaigns.campaign import Campaign, Window
    from dialtone.domain.campaigns.recipient import Recipient

SUPPRESSED = "suppressed"
"""The number is on the suppression list, or its owner has opted out."""
QUIET_HOURS = "quiet_hours"
"""The time is outside the campaign's window in a time zone in which the phone may be."""
NO_COMMON_WINDOW = "no_common_window"
"""No minute of the day is inside the window in all of the time zones."""
WEEKLY_LIMIT = "weekly_limit"
"""The number has had as many calls as it may get in seven days."""
TOO_EARLY = "too_early"
"""The campaign has not begun."""

WEEK_SECONDS = 7 * 86_400

_SEARCH = timedelta(days=2)
"""How far to search for the window: two days contain every time of day, whatever the clocks do."""


@dataclass(frozen=True, slots=True)
class History:
    """A number's calls over all campaigns."""

    suppressed: bool = False
    dialled_at: tuple[int, ...] = ()
    """When calls to it were claimed, in unix seconds, at least for the last seven days."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The number may be dialled now."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The number may not be dialled, by which rule, and until when."""

    rule: str
    until: int | None
    """When this rule first allows it, in unix seconds; None for never in this campaign."""


def allowed(recipient: Recipient, campaign: Campaign, now: int, history: History) -> Allowed | Refused:
    """Whether the recipient may be dialled at `now` (unix seconds). Rules that never allow it are checked first."""
    if history.suppressed:
        return Refused(SUPPRESSED, None)
    if now < campaign.starts_at:
        return Refused(TOO_EARLY, campaign.starts_at)
    if (free := week_frees_at(history.dialled_at, campaign.weekly_limit, now)) > now:
        return Refused(WEEKLY_LIMIT, free)
    opens = next_opening(campaign.window, recipient.zones, now)
    if opens is None:
        return Refused(NO_COMMON_WINDOW, None)
    return Refused(QUIET_HOURS, opens) if opens > now else Allowed()


def week_frees_at(dialled_at: Iterable[int], limit: int, now: int) -> int:
    """When the weekly limit next allows a number that was dialled at these moments; `now` if it does already."""
    recent = sorted((at for at in dialled_at if at > now - WEEK_SECONDS), reverse=True)
    return now if len(recent) < limit else recent[limit - 1] + WEEK_SECONDS


def next_opening(window: Window, zones: Iterable[str], now: int) -> int | None:
    """The first moment from `now` on that is inside the window in all zones; None if there is none within two days."""
    clocks = [ZoneInfo(zone) for zone in zones]
    moment = datetime.fromtimestamp(now, UTC)
    last = moment + _SEARCH
    while moment <= last:
        waits = [_closed_for(window, moment.astimezone(clock)) for clock in clocks]
        if not any(waits):
            return int(moment.timestamp())
        moment = _minute(moment) + timedelta(minutes=max(waits))
    return None


def _closed_for(window: Window, local: datetime) -> int:
    """At least how many minutes the window stays closed by a local clock; 0 if it is open."""
    minute = local.hour * 60 + local.minute
    if window.has(minute):
        return 0
    away = (window.opens - minute) % MINUTES_A_DAY
    opening = local + timedelta(minutes=away)  # by the wall clock
    # If clocks are put forward meanwhile, it comes sooner; an opening in the skipped hour has two offsets.
    forward = max(_offset_minutes(opening.replace(fold=fold)) for fold in (0, 1)) - _offset_minutes(local)
    return max(1, away - max(0, forward))


def _offset_minutes(local: datetime) -> int:
    return int((local.utcoffset() or timedelta()).total_seconds()) // 60


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
