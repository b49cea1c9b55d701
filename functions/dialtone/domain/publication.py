"""Which version of the flows takes a new call: the live one, or one on trial. Pure.

Flows deployed with the code are version 0. Every publication makes the next number.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from dialtone.domain.numbers import called_numbers
from dialtone.domain.outcomes import FLOW_FAILED, HUNG_UP, counted_outcome
from dialtone.domain.stored import restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dialtone.domain.calls import Call

WITH_THE_CODE = 0
"""The version of the flows that were deployed with the code."""

ALL_CALLS = 100

LEAST_CALLS = 50
"""For each version, before a trial is judged."""

WORSE = 3.1
"""Standard errors between two shares of bad calls. Two equal versions differ that much once in a thousand looks."""

BAD = frozenset({FLOW_FAILED, HUNG_UP})
"""Outcomes of calls that went wrong: sent to the last resort, or given up half-way."""


class Trial(NamedTuple):
    """A version that takes a share of the new calls."""

    version: int
    percent: int = ALL_CALLS
    """Its share of the calls that it may take."""
    numbers: tuple[str, ...] = ()
    """The called numbers that it may take calls to; all if empty."""
    since: int = 0
    """When the trial began, in unix seconds."""

    def takes(self, called: str, caller: str) -> bool:
        """Whether it takes a call. While the trial lasts, a caller who calls again gets the same version.

        The called number may be in any form that Telnyx uses: without a plus, or as a SIP address.
        """
        if self.numbers and not set(called_numbers(called, self.numbers)) & set(self.numbers):
            return False
        return crc32(f"{self.version} {caller}".encode()) % ALL_CALLS < self.percent


class Live(NamedTuple):
    """What takes new calls, as the table holds it."""

    revision: int = 0
    """How often it was changed: a change is written on condition that nobody else has changed it."""
    version: int = WITH_THE_CODE
    trial: Trial | None = None

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Live:
        """The value that `to_json` gave. A later version's fields are ignored."""
        return restored(cls, kept, trial=lambda trial: restored(Trial, trial, numbers=tuple))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        trial = {**self.trial._asdict(), "numbers": list(self.trial.numbers)} if self.trial else None
        return {"revision": self.revision, "version": self.version, "trial": trial}

    def version_for(self, called: str, caller: str) -> int:
        """The version that takes a new call; `caller` is any text that stays the same for the same caller."""
        return self.trial.version if self.trial and self.trial.takes(called, caller) else self.version


class Tally(NamedTuple):
    """The calls of a version that have ended."""

    calls: int = 0
    bad: int = 0

    @property
    def share(self) -> float:
        """The share of calls that went wrong."""
        return self.bad / self.calls if self.calls else 0.0


def tallies(trial: Trial, calls: Iterable[Call]) -> tuple[Tally, Tally]:
    """The tallies of the version on trial and of the others, over calls that either could have taken."""
    counted: Counter[tuple[bool, bool]] = Counter()
    for call in calls:
        comparable = not trial.numbers or call.to_number in trial.numbers
        if call.ended_at and call.flow and comparable:
            counted[call.published == trial.version, counted_outcome(call) in BAD] += 1
    tried, others = (
        Tally(counted[is_tried, True] + counted[is_tried, False], counted[is_tried, True]) for is_tried in (True, False)
    )
    return tried, others


def is_worse(tried: Tally, others: Tally) -> bool:
    """Whether significantly more calls went wrong than chance explains: a two-proportion test."""
    if min(tried.calls, others.calls) < LEAST_CALLS:
        return False
    together = (tried.bad + others.bad) / (tried.calls + others.calls)
    error = sqrt(together * (1 - together) * (1 / tried.calls + 1 / others.calls))
    return error > 0 and (tried.share - others.share) / error > WORSE
