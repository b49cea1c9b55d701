"""Samples reports of many similar refusals: the first ones of each minute, then one for every hundred. Pure."""

from __future__ import annotations

ONE_BY_ONE = 10
"""Per minute: enough to see what they are."""
AT_ONCE = 100
"""After those: a flood then costs a hundredth of the lines, and fewer than this many remain unreported."""
SECONDS_A_MINUTE = 60


class ReportSample:
    """One process's count. Each report says how many it stands for, so that all are counted."""

    def __init__(self) -> None:
        """Nothing has been refused yet."""
        self._minute = -1
        self._this_minute = 0
        self._unreported = 0

    def one_more(self, now_seconds: float) -> int:
        """How many refusals a report of this one would stand for, counting those before it; 0 if it is not reported."""
        minute = int(now_seconds // SECONDS_A_MINUTE)
        if minute != self._minute:
            self._minute, self._this_minute = minute, 0
        self._this_minute += 1
        self._unreported += 1
        if self._this_minute > ONE_BY_ONE and self._this_minute % AT_ONCE:
            return 0
        stands_for, self._unreported = self._unreported, 0
        return stands_for
