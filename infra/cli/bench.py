"""`dialtone bench`: measures what is promised of speed and cost, and writes the page of it."""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialtone.domain.errors import DialtoneError
from infra.checkout import ROOT
from infra.cli.bench_page import write_page

BENCHMARKS = {
    "cold-start": "cold_start",
    "round-trips": "round_trips",
    "own-cpu": "own_cpu",
    "event-number": "event_number",
    "load": "load",
    "archive": "archive_speed",
    "simulator": "carrier_speed",
    "cost": "cost",
}
"""By name, in the page's order: the modules of `tests/benchmarks`."""

HELD_BY_TESTS = frozenset({"round-trips", "cost"})
"""What counts and measures no time: `make test` holds it, so that a quick run would only count once more."""

SHOWN_LINES = 15
"""Of what a benchmark that failed had to say."""

Measured = dict[str, Any]
"""A section of the page as JSON (`tests/benchmarks/section.py`), with the commit that it is of."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("what", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="a few timed runs, for CI; writes no page")
    parser.add_argument("--fresh", action="store_true", help="ignore the results of an interrupted run")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace, root: Path = ROOT) -> int:
    """Measure one after the other; 1 if a goal is missed in a quick run."""
    bench = Bench(root)
    bench.check(given.what)
    names = given.what or [name for name in BENCHMARKS if not (given.quick and name in HELD_BY_TESTS)]
    began, sections = time.monotonic(), {}
    for place, name in enumerate(names, start=1):
        print(f"[{place}/{len(names)}] {name} …", end=" ", flush=True)
        started = time.monotonic()
        known = None if given.quick or given.fresh or given.what else bench.known(name, bench.commit())
        sections[name] = known or bench.measured(name, quick=given.quick)
        print("measured before" if known else f"{time.monotonic() - started:.0f} s", flush=True)
        for goal in sections[name]["goals"]:
            print(f"    {'✓' if goal['met'] else '✗'} {goal['wanted']}: {goal['measured']}")
    if given.quick:
        return 0 if all(goal["met"] for section in sections.values() for goal in section["goals"]) else 1
    if given.what:
        for section in sections.values():
            print(f"\n## {section['title']}\n\n{section['text']}")
    whole = [sections.get(name) or bench.known(name) for name in BENCHMARKS]
    missing = [name for name, section in zip(BENCHMARKS, whole, strict=True) if section is None]
    if missing:
        print(f"No page is written: {', '.join(missing)} still to be measured, by `make bench`.")
        return 0
    write_page(bench.page, [section for section in whole if section])
    print(f"Written: {bench.page.relative_to(root)}/README.md ({time.monotonic() - began:.0f} s)")
    return 0


@dataclass(frozen=True, slots=True)
class Bench:
    """The benchmarks of a checkout, and what they measured so far: a run that was interrupted goes on from there."""

    root: Path

    @property
    def page(self) -> Path:
        """The folder that is written."""
        return self.root / "docs" / "bench"

    def check(self, names: list[str]) -> None:
        """Raises DialtoneError for what cannot be measured here."""
        if not (self.root / "tests" / "benchmarks").is_dir():
            raise DialtoneError("there is no tests/benchmarks here: run `dialtone bench` in a checkout of Dialtone")
        unknown = [name for name in names if name not in BENCHMARKS]
        if unknown:
            raise DialtoneError(f"there is no benchmark {unknown[0]!r}: known are {', '.join(BENCHMARKS)}")

    def known(self, name: str, commit: str = "") -> Measured | None:
        """What was measured before, at that commit or, for '', at any."""
        try:
            measured: Measured = json.loads(self._file(name).read_bytes())
        except (FileNotFoundError, ValueError):  # never measured, or interrupted while it was being written
            return None
        return measured if commit in {"", measured.get("commit")} else None

    def measured(self, name: str, *, quick: bool) -> Measured:
        """Measure in a process of its own, so that nothing of one benchmark is in the memory of the next."""
        file = self._file(f"{name}.quick" if quick else name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        done = subprocess.run(  # noqa: S603 -- our own program
            [
                sys.executable,
                "-m",
                "tests.benchmarks.run",
                BENCHMARKS[name],
                str(file),
                *(["--quick"] if quick else []),
            ],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": f"{self.root / 'functions'}{os.pathsep}{self.root}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode or not file.is_file():
            last = "\n".join(done.stdout.splitlines()[-SHOWN_LINES:])
            raise DialtoneError(
                f"the benchmark {name!r} failed; it said:\n{last}\nWhat was measured before it is kept."
            )
        section: Measured = {**json.loads(file.read_bytes()), "commit": self.commit()}
        file.write_text(json.dumps(section), encoding="utf-8")
        return section

    def commit(self) -> str:
        """The commit that is measured, with a mark if something was changed since; a mark too without git."""
        asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        try:
            done = subprocess.run(asked, cwd=self.root, capture_output=True, text=True, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            return "unknown"
        return done.stdout.strip()

    def _file(self, name: str) -> Path:
        return self.root / ".cache" / "bench" / f"{name}.json"
