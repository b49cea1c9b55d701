"""What an estimate of a campaign rests on, and what it says. Pure."""

from __future__ import annotations

from dataclasses import dataclass

TELNYX_MINUTE_DOLLARS = 0.0070
"""Call Control and an outbound minute in the USA; other countries cost more: say so by an option."""
CALL_SECONDS = 40
"""Of a call that a person listens to. Telnyx bills each minute that is begun."""
RING_SECONDS = 15
"""Before it is answered, on average; for calls in flight."""

LONGEST_DAYS = 60
"""Beyond which no end is calculated."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """The assumptions of an estimate."""

    rate_per_second: float
    max_in_flight: int
    call_seconds: int = CALL_SECONDS
    minute_dollars: float = TELNYX_MINUTE_DOLLARS
    detection_dollars: float = 0.0
    """Of Telnyx, for detection in a call that is answered; 0 if not given."""

    @property
    def dials_per_second(self) -> float:
        """The rate, or less if so many calls in flight do not allow it when everybody answers."""
        return min(self.rate_per_second, self.max_in_flight / (RING_SECONDS + self.call_seconds))


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimate for the first round, in which everybody is dialled once."""

    starts_at: int
    """The first dial, in unix seconds."""
    ends_at: int | None
    """The last dial; None for more than LONGEST_DAYS."""
    dialling_seconds: int
    """How much of that time is spent dialling; the rest is waiting for windows."""
    most_dollars: float
    """If everybody answers and listens to the end. Telnyx does not bill calls that nobody answers."""
    aws_dollars: float
