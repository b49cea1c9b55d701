"""An even rate of dials. Pure: from a state and the time it calculates the moments of the next dials.

Dials have a fixed distance, and missed ones are not made up for: whatever happened to a worker, no second, and so no
five seconds, have more dials than the rate allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ACCOUNT_RATE = 28.0
"""Dials a second, for all campaigns together. Telnyx allows an account 30, as a sum over five seconds; the rest is left
for calls that flows and people dial."""

SLOWED_TO = 0.5
"""The share of the rate that is left after Telnyx asked for fewer requests."""
LEAST_SHARE = 0.05
RECOVERS_SECONDS = 30.0
"""From nothing to the full rate, once Telnyx no longer asks for fewer."""
HOLD_SECONDS = 1.0
"""The pause after Telnyx asked for fewer requests without saying how long."""
LONGEST_HOLD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The allowed rate, and the time of the next dial."""

    rate: float
    """Dials a second."""
    next_at: float = 0.0
    share: float = 1.0
    """The share of the rate, at the time `as_of`."""
    as_of: float = 0.0

    def slots(self, now: float, until: float, most: int) -> tuple[tuple[float, ...], Pace]:
        """The moments between now and `until` at which a dial is due, and the pace after them."""
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
        """The share of the rate that is allowed at that time."""
        return min(1.0, self.share + max(0.0, now - self.as_of) / RECOVERS_SECONDS)
