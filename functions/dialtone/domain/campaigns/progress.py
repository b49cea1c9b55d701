"""How far a campaign is: where in its list, and what came of it. Pure.

It is written in the transactions that write the recipients' items, by the one worker that has the lease: so its counts
are always those of the items.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dialtone.domain.campaigns.course import Course
from dialtone.domain.campaigns.guard import LISTED, LOOKED_AT
from dialtone.domain.campaigns.results import ANSWERED, FAILURES, UNKNOWN
from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERRUPTED_SECONDS, INTERRUPTED_DIALS = 15, 3
"""Without a dial, and as many dials as should have come meanwhile: then the next one is a first one again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is."""

    part: int = 0
    """The part of the list that comes next, and how many of its recipients have been taken."""
    taken: int = 0
    recipients: int = 0
    """Taken from the list: each has an item."""
    dials: int = 0
    """Claimed, over all rounds."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """Outcome → how many calls, over all rounds."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome → how many recipients ended with it."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Rule → how many recipients were never dialled because of it."""
    recent: tuple[str, ...] = ()
    """The last calls' outcomes, the latest last."""
    dials_then: tuple[int, ...] = ()
    """How many dials there had been at each of these."""
    failures: tuple[str, ...] = ()
    """The last calls that failed: `<row> <round> <outcome>`."""
    in_flight: int = 0
    began_at: int = 0
    """The first dial."""
    dialling_since: int = 0
    """The first dial after a time without any."""
    dialled_at: int = 0
    """The last one."""
    at: int = 0
    """When it was written last."""
    course: Course = field(default_factory=Course)
    version: int = 0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Progress:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, recent=tuple, dials_then=tuple, failures=tuple, course=Course.from_json)

    def to_json(self) -> dict[str, Any]:
        """What is stored of it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"course": asdict(self.course)}

    @property
    def settled(self) -> int:
        """Recipients with whom the campaign is done."""
        return sum(self.outcomes.values()) + sum(self.refused.values())

    def took(self, recipients: int, *, end_of_part: bool) -> Progress:
        """After so many recipients more were taken from the current part."""
        place = (self.part + 1, 0) if end_of_part else (self.part, self.taken + recipients)
        return replace(self, part=place[0], taken=place[1], recipients=self.recipients + recipients)

    def with_dials(self, dials: int, rate: float, now: int) -> Progress:
        """After so many more were claimed."""
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
        """After a call that ended at that time.

        The guard does not judge one that Telnyx was never known to have taken: a worker has died.
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
        """Dials since the first of the last outcomes."""
        return self.dials - self.dials_then[0] if self.dials_then else 0

    def judged_anew(self) -> Progress:
        """As the guard begins to look at it."""
        return replace(self, recent=(), dials_then=())

    def with_outcome(self, outcome: str, more: int = 1) -> Progress:
        """After the campaign is done with a recipient, or with several."""
        return replace(self, outcomes=_one_more(self.outcomes, outcome, more))

    def with_refusal(self, rule: str) -> Progress:
        """After a recipient was refused for good."""
        return replace(self, refused=_one_more(self.refused, rule))


def _one_more(counts: Mapping[str, int], name: str, more: int = 1) -> Mapping[str, int]:
    return {**counts, name: counts.get(name, 0) + more}
