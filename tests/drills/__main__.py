"""Drills of the whole system: `python -m tests.drills [--seed N] [--minutes M] [--only crash,faults]`.

Each part plays round after round, each with a seed of its own that plays it again, until its time is over and every
kind of operation and fault has happened at least once.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import time
from typing import TYPE_CHECKING

from tests.drills.crash import Crash
from tests.drills.faults import Faults
from tests.drills.hostile import Hostile
from tests.drills.oracle import Oracle
from tests.drills.orders import Orders
from tests.drills.parallel import Parallel
from tests.drills.properties import Properties
from tests.drills.report import PROMISES, Tally, kept_seeds, lacking, summary
from tests.drills.times import Times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.drills.report import Part

PARTS: dict[str, Part] = {
    part.name: part for part in (Crash(), Faults(), Times(), Orders(), Parallel(), Hostile(), Oracle(), Properties())
}

USUAL = ",".join(name for name in PARTS if name != Properties.name)

OVERTIME = 3.0
"""How many times its share a part may take to see what it has not seen yet."""

MOST_FAILURES = 10
"""After so many seeds that fail, a part has said enough."""

NO_SEED = 1_000_000


def main(words: Sequence[str] | None = None) -> int:
    """Drill, and print what came of it. Gives 1 where a promise was broken or something never happened."""
    options = _options().parse_args(words)
    parts = [PARTS[name] for name in options.only.split(",")]
    logging.disable()  # the functions' warnings about what the drill does to them
    seed = random.randrange(NO_SEED) if options.seed is None else options.seed
    print(f"drill: seed {seed}, {options.minutes:g} minutes: {', '.join(part.name for part in parts)}", flush=True)  # noqa: T201 -- a command prints
    tallies = {part.name: Tally() for part in parts}
    if options.seed is None:
        for name, kept in kept_seeds():
            if name in tallies:
                PARTS[name].play(kept, tallies[name])
    lacks: dict[str, list[str]] = {}
    for part in parts:
        try:
            _drill(part, seed, options.minutes * 60 / len(parts), options.rounds, tallies[part.name])
        finally:
            part.close()
        lacks[part.name] = [] if options.rounds else lacking(part, tallies[part.name])
    print("\n".join(summary(tallies, lacks)))  # noqa: T201 -- as above
    broken = any(tally.figures[name] for tally in tallies.values() for name in PROMISES)
    return int(broken or any(lacks.values()))


def _drill(part: Part, seed: int, seconds: float, rounds: int, tally: Tally) -> None:
    began = time.monotonic()
    for number in range(rounds or sys.maxsize):
        part.play(seed + number, tally)
        tally.rounds += 1
        took = time.monotonic() - began
        if len(tally.failures) >= MOST_FAILURES or (rounds == 0 and took > seconds * OVERTIME):
            return
        if rounds == 0 and took > seconds and not lacking(part, tally):
            return


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="of the first round; each round's is one more. Chosen by chance without"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for all parts together (default 10)")
    parser.add_argument("--rounds", type=int, default=0, help="of each part, instead of a time")
    parser.add_argument("--only", default=USUAL, help=f"parts, separated by commas: {', '.join(PARTS)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
