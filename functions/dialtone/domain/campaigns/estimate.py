"""Calculates, before anybody is dialled, how long a campaign takes and what it costs. Pure."""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialtone.domain.campaigns.dialling_rules import next_opening
from dialtone.domain.campaigns.estimate_assumptions import LONGEST_DAYS, Assumed, Estimate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dialtone.domain.campaigns.campaign import Window

Zones = tuple[str, ...]
AWS_CALL_DOLLARS = 0.000098
"""Of an announcement, as docs/cost.md counts it; the campaign's own items come on top."""
AWS_RECIPIENT_DOLLARS = 0.000013
STEP_SECONDS, LONG_STEP_SECONDS = 60, 900
"""How finely it is calculated: by the minute, and by the quarter of an hour where it takes many hours."""
MANY_HOURS_SECONDS = 6 * 3_600


def estimate(recipients: Mapping[Zones, int], window: Window, starts_at: int, assumed: Assumed) -> Estimate:
    """Estimate the first round, from the number of recipients by the time zones of their phones."""
    left = Counter({zones: count for zones, count in recipients.items() if count})
    count = left.total()
    minutes = math.ceil(assumed.call_seconds / 60)
    first, last, dialling = _dialled(left, window, starts_at, assumed.dials_per_second)
    aws = count * (AWS_CALL_DOLLARS + AWS_RECIPIENT_DOLLARS)
    telnyx = count * (minutes * assumed.minute_dollars + assumed.detection_dollars)
    return Estimate(first, last, dialling, telnyx + aws, aws)


def _dialled(left: Counter[Zones], window: Window, now: int, rate: float) -> tuple[int, int | None, int]:
    """The first dial, the last one, and the seconds with dials; calculated in steps, since windows open and close."""
    step = STEP_SECONDS if left.total() / rate < MANY_HOURS_SECONDS else LONG_STEP_SECONDS
    first, latest = None, now + LONGEST_DAYS * 86_400
    dialling = capacity = 0.0
    while left and now <= latest:
        is_open = _openness(window, now)
        ready = [zones for zones in left if all(map(is_open, zones))]
        if not ready:
            now = min(next_opening(window, zones, now) or latest + 1 for zones in left)
            continue
        first = now if first is None else first
        length = step - now % step
        capacity += length * rate
        before = capacity
        for zones in ready:
            taken = min(left[zones], int(capacity))
            capacity -= taken
            left[zones] -= taken
        took = min(length, (before - capacity) / rate)
        left = +left  # drop zones without recipients
        dialling += took
        now += length if left else math.ceil(took)
        capacity = min(capacity, 1.0)  # unused capacity is lost
    began = now if first is None else first
    return began, None if left else now, round(dialling)


def _openness(window: Window, now: int) -> Callable[[str], bool]:
    """A function that says whether the window is open in a zone at that moment."""
    moment = datetime.fromtimestamp(now, UTC)

    @cache
    def is_open(zone: str) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        return window.has(local.hour * 60 + local.minute)

    return is_open
