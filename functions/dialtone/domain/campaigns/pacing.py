"""An even rate of dials. Pure: a state and the time in, the moments of the next dials out.

Dials are a fixed distance apart and what was missed is not made up for: whatever a worker slept through or died of, no
second has more dials than the rate, and so no five seconds have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ACCOUNT_RATE = 28.0
"""Dials a second, of all campaigns together. Telnyx allows an account 30, as a sum over the last five seconds; the rest
is left to calls that flows and people dial."""

SLOWED_TO = 0.5
"""The share of its rate that is left after Telnyx has asked for fewer requests."""
LEAST_SHARE = 0.05
RECOVERS_SECONDS = 30.0
"""From nothing to the full rate, once Telnyx does not ask any more."""
HOLD_SECONDS = 1.0
"""Without a dial after Telnyx has asked for fewer, where it does not say how long."""
LONGEST_HOLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it may go, and when the next dial is due."""

    rate: float
    """Dials a second."""
    next_at: float = 0.0
    share: float = 1.0
    """Of the rate, as `as_of`."""
    as_of: float = 0.0

    def slots(self, now: float, until: float, most: int) -> tuple[tuple[float, ...], Pace]:
        """The moments from now on, before `until`, at which a dial is due, and the pace once they are taken."""
        share = self.share_at(now)
        apart = 1.0 / (self.rate * share)
        at = max(self.next_at, now)
        moments = list[float]()
        while at < until and len(moments) < most:
            moments.append(at)
            at += apart
        return tuple(moments), replace(self, next_at=at if moments else self.next_at, share=share, as_of=now)

    def slowed(self, now: float, retry_after: float | None) -> Pace:
        """The pace after Telnyx has asked for fewer requests (429)."""
        hold = HOLD_SECONDS if retry_after is None else min(retry_after, LONGEST_HOLD_SECONDS)
        share = max(LEAST_SHARE, self.share_at(now) * SLOWED_TO)
        return replace(self, next_at=max(self.next_at, now + hold), share=share, as_of=now + hold)

    def share_at(self, now: float) -> float:
        """The share of its rate that it may go at by then."""
        return min(1.0, self.share + max(0.0, now - self.as_of) / RECOVERS_SECONDS)
