"""Virtual time: a heap of things due, which moves only on request."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count


class Timer:
    """One thing due at a virtual time; cancelling it costs nothing."""

    __slots__ = ("action", "due")

    def __init__(self, due: float, action: Callable[[], None]) -> None:
        self.due = due
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Let it not happen."""
        self.action = None


class Clock:
    """The carrier's time, in seconds since `start`; things due at the same time happen in the order they were set."""

    def __init__(self, start: datetime | None = None) -> None:
        self.start = (start or datetime.now(UTC)).astimezone(UTC)
        self.now = 0.0
        self._due: list[tuple[float, int, Timer]] = []
        self._order = count()

    def after(self, delay_seconds: float, action: Callable[[], None]) -> Timer:
        """Let `action` happen in `delay_seconds`."""
        timer = Timer(self.now + max(0.0, delay_seconds), action)
        heapq.heappush(self._due, (timer.due, next(self._order), timer))
        return timer

    def at(self, due: float, action: Callable[[], None]) -> Timer:
        """Let `action` happen at `due`, or now if that is past."""
        return self.after(due - self.now, action)

    def next_due(self) -> float | None:
        """Return the time of the next thing due, or None if there is nothing to come."""
        while self._due and self._due[0][2].action is None:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def step(self) -> bool:
        """Move to the next thing due and let it happen; False if there is nothing to come."""
        if self.next_due() is None:
            return False
        due, _, timer = heapq.heappop(self._due)
        self.now = max(self.now, due)
        action, timer.action = timer.action, None
        if action is not None:
            action()
        return True

    def move_to(self, time: float) -> None:
        """Let time pass to `time` with nothing due before it."""
        self.now = max(self.now, time)

    def datetime(self, time: float | None = None) -> datetime:
        """Return a virtual time, or now, as a UTC datetime."""
        return self.start + timedelta(seconds=self.now if time is None else time)

    def timestamp(self, time: float | None = None) -> str:
        """Return a virtual time, or now, as Telnyx writes it: ISO 8601 in UTC with microseconds and a Z."""
        return self.datetime(time).isoformat(timespec="microseconds")[:-6] + "Z"
