"""`dialtone bench`: measures what is promised of speed and cost, and writes the page of it."""

from __future__ import annotations

import base64
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dialtone.errors import DialtoneError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "bench"
KEPT = ROOT / ".cache" / "bench"
"""What is done already: a run that was interrupted goes on from there."""

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

LOW_PRIORITY_OUTPUT_LINES = 15


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("bench", help="measure speed and cost, and write docs/bench (from a checkout)")
    parser.add_argument("what", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="counts and ratios only, for CI; writes no page")
    parser.add_argument("--fresh", action="store_true", help="measure again what an interrupted run had done")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Measure one after the other; 1 if a goal is missed in a quick run."""
    if not (ROOT / "tests" / "benchmarks").is_dir():
        raise DialtoneError("there is no tests/benchmarks here: run `dialtone bench` in a checkout of Dialtone")
    unknown = [name for name in given.what if name not in BENCHMARKS]
    if unknown:
        raise DialtoneError(f"there is no benchmark {unknown[0]!r}: known are {', '.join(BENCHMARKS)}")
    names = given.what or [name for name, module in BENCHMARKS.items() if _path(module).is_file()]
    began, sections = time.monotonic(), {}
    for place, name in enumerate(names, start=1):
        print(f"[{place}/{len(names)}] {name} …", end=" ", flush=True)
        started = time.monotonic()
        kept = None if given.quick or given.fresh or given.what else _kept(name, _commit())
        sections[name] = kept or _measured(name, quick=given.quick)
        print("measured before" if kept else f"{time.monotonic() - started:.0f} s", flush=True)
        for goal in sections[name]["goals"]:
            print(f"    {'✓' if goal['met'] else '✗'} {goal['wanted']}: {goal['measured']}")
    if given.what and not given.quick:
        for section in sections.values():
            print(f"\n## {section['title']}\n\n{section['text']}")
    whole = {name: sections.get(name) or _kept(name) for name in BENCHMARKS}
    if not given.quick and all(whole.values()):
        _write_page({name: section for name, section in whole.items() if section})
        print(f"Written: {PAGE.relative_to(ROOT)}/README.md ({time.monotonic() - began:.0f} s)")
    missed = [goal for section in sections.values() for goal in section["goals"] if not goal["met"]]
    return 1 if given.quick and missed else 0


def _path(module: str) -> Path:
    return ROOT / "tests" / "benchmarks" / f"{module}.py"


def _kept(name: str, commit: str = "") -> dict[str, Any] | None:
    """What was measured before, at that commit or, for '', at any."""
    file = KEPT / f"{name}.json"
    if not file.is_file():
        return None
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return kept if commit in {"", kept["commit"]} else None


def _measured(name: str, *, quick: bool) -> dict[str, Any]:
    """Measure in a process of its own, so that nothing of one benchmark is in the memory of the next."""
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / (f"{name}.quick.json" if quick else f"{name}.json")
    file.unlink(missing_ok=True)
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "tests.benchmarks.run", BENCHMARKS[name], str(file), *(["--quick"] if quick else [])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode or not file.is_file():
        last = "\n".join(done.stdout.splitlines()[-LOW_PRIORITY_OUTPUT_LINES:])
        raise DialtoneError(f"the benchmark {name!r} failed; it said:\n{last}\nWhat was measured before it is kept.")
    section: dict[str, Any] = {**json.loads(file.read_text(encoding="utf-8")), "commit": _commit()}
    file.write_text(json.dumps(section), encoding="utf-8")
    return section


def _commit() -> str:
    """The commit that is measured, with a mark if something was changed since; a mark too without git."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _write_page(sections: Mapping[str, Mapping[str, Any]]) -> None:
    PAGE.mkdir(parents=True, exist_ok=True)
    goals = [(section, goal) for section in sections.values() for goal in section["goals"]]
    lines = ["# How fast, and how cheap", "", _machine(), "", "| wanted | measured | |", "| --- | --- | --- |"]
    for section, goal in goals:
        lines.append(
            f"| [{section['title']}](#{section['name']}): {goal['wanted']} | {goal['measured']} | "
            f"{'met' if goal['met'] else '**not met**'} |"
        )
    for section in sections.values():
        lines += ["", f'<a id="{section["name"]}"></a>', "", f"## {section['title']}", "", section["text"]]
        lines += ["", f"*Commit {section['commit']}.*"]
        for file, content in section["pictures"].items():
            (PAGE / file).write_bytes(base64.b64decode(content))
    (PAGE / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _machine() -> str:
    names = ("telnyx", "boto3", "aws-lambda-powertools", "pydantic", "httpx", "pynacl")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"Measured by `make bench` on {datetime.now(UTC):%d %B %Y}: {_processor()},"
        f" {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
        f" {versions}."
        " Figures of one machine are good for comparing with one another, in one run; elsewhere they differ."
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")), "")
