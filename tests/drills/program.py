"""Drills of the whole system: `python -m tests.drills [--seed N] [--minutes M] [--only crash,faults]`.

Each part plays round after round, each with a seed of its own that plays it again, until its time is over and every
kind of operation and fault has happened at least once.
"""

import argparse
import logging
import multiprocessing
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.drills.crash import Crash
from tests.drills.faults import Faults
from tests.drills.hostile import Hostile
from tests.drills.oracle import Oracle
from tests.drills.orders import Orders
from tests.drills.parallel import Parallel
from tests.drills.properties import Properties
from tests.drills.report import PROMISES, Part, Tally, kept_seeds, lacking, summary
from tests.drills.stack import Stack
from tests.drills.times import Times

PARTS: dict[str, Part] = {
    part.name: part
    for part in (Crash(), Faults(), Stack(), Times(), Orders(), Parallel(), Hostile(), Oracle(), Properties())
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
    names: list[str] = options.only
    seed = random.randrange(NO_SEED) if options.seed is None else options.seed
    print(f"drill: seed {seed}, {options.minutes:g} minutes: {', '.join(names)}", flush=True)  # noqa: T201 -- a command prints
    at_once = min(options.jobs, len(names))
    share = Share(seed, options.minutes * 60 * at_once / len(names), options.rounds, kept=options.seed is None)
    tallies = _at_once(names, share, at_once) if at_once > 1 else {name: drill(name, share) for name in names}
    lacks = {name: [] if options.rounds else lacking(PARTS[name], tally) for name, tally in tallies.items()}
    print("\n".join(summary(tallies, lacks)))  # noqa: T201 -- as above
    broken = any(tally.figures[name] for tally in tallies.values() for name in PROMISES)
    return int(broken or any(lacks.values()))


@dataclass(frozen=True, slots=True)
class Share:
    """What one part is given."""

    seed: int
    seconds: float
    rounds: int
    """0 for as many as there is time for."""
    kept: bool
    """Whether the seeds that once failed come first."""


def _at_once(names: list[str], share: Share, processes: int) -> dict[str, Tally]:
    """Each part in a process of its own, so many at a time."""
    tallies: dict[str, Tally] = {}
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as workers:
        for name, tally in zip(names, workers.map(drill, names, [share] * len(names)), strict=True):
            print(f"{name:16} {tally.rounds:,} rounds, {len(tally.failures)} failed", flush=True)  # noqa: T201 -- as above
            tallies[name] = tally
    return tallies


def drill(name: str, share: Share) -> Tally:
    """Play round after round of a part."""
    logging.disable()  # the functions' warnings about what the drill does to them
    part, tally = PARTS[name], Tally()
    try:
        for _, seed in (each for each in kept_seeds() if share.kept and each[0] == name):
            part.play(seed, tally)
        began = time.monotonic()
        while not _is_over(part, tally, share, time.monotonic() - began):
            part.play(share.seed + tally.rounds, tally)
            tally.rounds += 1
    finally:
        part.close()
    return tally


def _is_over(part: Part, tally: Tally, share: Share, took: float) -> bool:
    if share.rounds or len(tally.failures) >= MOST_FAILURES:
        return len(tally.failures) >= MOST_FAILURES or tally.rounds == share.rounds
    return took > share.seconds * OVERTIME or (took > share.seconds and not lacking(part, tally))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "--seed", type=int, help="of the first round; each round's is one more. Chosen by chance without"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for all parts together (default 10)")
    parser.add_argument("--rounds", type=int, default=0, help="of each part, instead of a time")
    parser.add_argument("--only", type=_parts, default=USUAL, help=f"parts, separated by commas: {', '.join(PARTS)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="parts at once (default: processors)")
    return parser


def _parts(text: str) -> list[str]:
    """The names of parts. Raises ArgumentTypeError."""
    names = text.split(",")
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f'there is no part "{name}"; there are: {", ".join(PARTS)}')
    return names
