"""How far a campaign is: its position in the list, and its results. Pure.

The one worker that has the lease writes it in the same transactions as the recipients' items, so its counts always
match the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dialtone.domain.campaigns.automatic_pause import LISTED, LOOKED_AT
from dialtone.domain.campaigns.history import Course
from dialtone.domain.campaigns.outcomes_and_redials import ANSWERED, FAILURES, UNKNOWN
from dialtone.domain.stored_records import restored

INTERRUPTED_SECONDS, INTERRUPTED_DIALS = 15, 3
"""A break: no dial for this long, in which this many were due. The next dial then counts as a first one again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is."""

    part: int = 0
    """The next part of the list, and how many of its recipients have been taken."""
    taken: int = 0
    recipients: int = 0
    """How many recipients were taken from the list: each has an item."""
    dials: int = 0
    """Dials claimed, over all rounds."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """Outcome → number of calls, over all rounds."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome → number of recipients who ended with it."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Rule → number of recipients whom it kept from being dialled at all."""
    recent: tuple[str, ...] = ()
    """The outcomes of the last calls, the latest last."""
    dials_then: tuple[int, ...] = ()
    """The number of dials at the time of each of these."""
    failures: tuple[str, ...] = ()
    """The last calls that failed: `<row> <round> <outcome>`."""
    in_flight: int = 0
    began_at: int = 0
    """The time of the first dial."""
    dialling_since: int = 0
    """The time of the first dial after a break."""
    dialled_at: int = 0
    """The time of the last dial."""
    at: int = 0
    """When this was last written."""
    course: Course = field(default_factory=Course)
    version: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Progress:
        """What was stored, by this or another version of the program."""
        return restored(cls, stored, recent=tuple, dials_then=tuple, failures=tuple, course=Course.from_json)

    def to_json(self) -> dict[str, Any]:
        """The progress as it is stored."""
        return {name: getattr(self, name) for name in self.__slots__} | {"course": asdict(self.course)}

    @property
    def settled(self) -> int:
        """Recipients with whom the campaign is finished."""
        return sum(self.outcomes.values()) + sum(self.refused.values())

    def took(self, recipients: int, *, end_of_part: bool) -> Progress:
        """The progress after so many more recipients were taken from the current part."""
        place = (self.part + 1, 0) if end_of_part else (self.part, self.taken + recipients)
        return replace(self, part=place[0], taken=place[1], recipients=self.recipients + recipients)

    def with_dials(self, dials: int, rate: float, now: int) -> Progress:
        """The progress after so many more dials were claimed."""
        interrupted = now - self.dialled_at > max(INTERRUPTED_SECONDS, INTERRUPTED_DIALS / rate)
        return replace(
            self,
            dials=self.dials + dials,
            began_at=self.began_at or now,
            dialling_since=now if interrupted else self.dialling_since,
            dialled_at=now,
            course=self.course.with_counts(now, dials=dials),
        )

    def with_call(self, row: int, round_: int, outcome: str, at: int, *, was_taken: bool = True) -> Progress:
        """The progress after a call that ended at that time.

        The guard ignores a call that Telnyx is not known to have taken: a worker has died.
        """
        course = self.course.with_counts(at, answered=outcome in ANSWERED, failed=outcome in FAILURES)
        counted = replace(self, calls=_one_more(self.calls, outcome), course=course)
        if not was_taken and outcome == UNKNOWN:
            return counted
        failures = (*self.failures, f"{row} {round_} {outcome}")[-LISTED:] if outcome in FAILURES else self.failures
        recent, dials = (*self.recent, outcome)[-LOOKED_AT:], (*self.dials_then, self.dials)[-LOOKED_AT:]
        return replace(counted, recent=recent, dials_then=dials, failures=failures)

    @property
    def dialled_meanwhile(self) -> int:
        """The dials since the first of the last outcomes."""
        return self.dials - self.dials_then[0] if self.dials_then else 0

    def judged_anew(self) -> Progress:
        """The progress without the outcomes that the guard has judged."""
        return replace(self, recent=(), dials_then=())

    def with_outcome(self, outcome: str, more: int = 1) -> Progress:
        """The progress after the campaign has finished with one or more recipients."""
        return replace(self, outcomes=_one_more(self.outcomes, outcome, more))

    def with_refusal(self, rule: str) -> Progress:
        """The progress after a recipient was refused for good."""
        return replace(self, refused=_one_more(self.refused, rule))


def _one_more(counts: Mapping[str, int], name: str, more: int = 1) -> Mapping[str, int]:
    return {**counts, name: counts.get(name, 0) + more}
