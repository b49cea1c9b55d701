"""Which cases of a test run: all of them, a sample, or what a sample with coverage leaves to another run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from hypothesis import is_hypothesis_test

MEASURED = frozenset({"unit", "integration", "simulation"})
"""The folders whose tests run functions/ in their own process: `make coverage` runs these."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a test, as far as it matters here."""

    place: int
    """Among the cases of its test, from 0."""
    folder: str
    no_cover: bool = False
    draws: bool = False
    """It is a property test, of which a sample draws fewer examples."""

    @classmethod
    def of(cls, item: pytest.Item, place: int, tests: Path) -> Self:
        """What pytest knows of it."""
        folder = item.path.relative_to(tests).parts[0] if item.path.is_relative_to(tests) else ""
        draws = is_hypothesis_test(getattr(item, "obj", None))
        return cls(place, folder, item.get_closest_marker("no_cover") is not None, draws)

    def is_sampled(self, every: int) -> bool:
        """Whether it is one of each `every`th."""
        return self.place % every == 0

    def is_left_out(self, every: int) -> bool:
        """Whether `make coverage EVERY=…` does not run it, or not all of its examples."""
        measured = self.folder in MEASURED and not self.no_cover and not self.draws
        return not (measured and self.is_sampled(every))
