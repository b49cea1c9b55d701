"""Which version of the flows takes a new call: the live one, or one on trial. Pure.

Flows deployed with the code are version 0. Every publication makes the next number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

from dialtone.domain.numbers import called_numbers
from dialtone.domain.stored_records import restored

WITH_THE_CODE = 0
"""The version of the flows that were deployed with the code."""

ALL_CALLS = 100


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
