"""What a drill counts, what must have happened before it ends, and what it prints."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

POINTS_KILLED = "points killed"
FAULTS_INJECTED = "faults injected"
INPUTS_TRIED = "inputs tried"
PARALLEL = "parallel deliveries"
ORDERS = "orders played"
OPERATIONS = "operations compared"
CALLS = "calls played"
BYTES_ARCHIVED = "bytes archived"
VERIFIED = "recordings verified"
ALARMED = "recordings alarmed"
LOST, DOUBLED, FORGED, STUCK, WRONG = "lost", "doubled", "forged", "stuck", "wrong"

FIGURES = (
    CALLS,
    POINTS_KILLED,
    FAULTS_INJECTED,
    ORDERS,
    PARALLEL,
    INPUTS_TRIED,
    OPERATIONS,
    BYTES_ARCHIVED,
    VERIFIED,
    ALARMED,
)
PROMISES = (LOST, DOUBLED, FORGED, STUCK, WRONG)
"""What must stay at zero. `wrong` is what none of the others says: an error of ours, an answer that differs."""

SEEDS = Path(__file__).with_name("seeds.txt")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise."""

    promise: str
    """One of PROMISES."""
    what: str


@dataclass(slots=True)
class Tally:
    """What one part of a drill has done so far."""

    figures: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    """Kinds of operations and faults, by name."""
    failures: dict[int, list[Violation]] = field(default_factory=dict)
    """By the seed that plays it again."""
    rounds: int = 0

    def blame(self, seed: int, violations: list[Violation]) -> None:
        """Note what a seed has broken."""
        if violations:
            self.failures.setdefault(seed, []).extend(violations)
            self.figures.update(each.promise for each in violations)


class Part(Protocol):
    """One kind of drill. A seed says all of what a round does."""

    @property
    def name(self) -> str:
        """What the command line calls it."""
        ...

    def needs(self) -> frozenset[str]:
        """What must have happened at least once before the part may end."""
        ...

    def play(self, seed: int, tally: Tally) -> None:
        """Play the round of a seed: count what is done, and blame the seed for what breaks."""
        ...

    def close(self) -> None:
        """End what it has started."""
        ...


class InProcess:
    """A part that starts nothing."""

    __slots__ = ()

    def close(self) -> None:
        """Nothing."""


def lacking(part: Part, tally: Tally) -> list[str]:
    """What has not happened yet."""
    return sorted(part.needs() - tally.happened.keys())


def kept_seeds(path: Path = SEEDS) -> Iterator[tuple[str, int]]:
    """The seeds that once failed, each with its part: played again for ever."""
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            part, seed = words
            yield part, int(seed)


def summary(tallies: dict[str, Tally], lacks: dict[str, list[str]]) -> Iterator[str]:
    """The lines that a drill ends with."""
    figures: Counter[str] = Counter()
    for name, tally in tallies.items():
        figures.update(tally.figures)
        yield f"{name:10} {tally.rounds:7} rounds, {len(tally.happened)} kinds of operations and faults seen"
    yield ""
    for name in (*FIGURES, *PROMISES):
        if name in PROMISES or figures[name]:
            yield f"{name:22} {figures[name]:>14,}"
    for name, missing in lacks.items():
        if missing:
            yield f"{name}: never happened: {', '.join(missing)}"
    for name, tally in tallies.items():
        for seed, violations in tally.failures.items():
            for each in violations:
                yield f"{name} seed {seed}: {each.promise}: {each.what}"
            yield f"  again: python -m tests.drills --only {name} --seed {seed} --rounds 1"
