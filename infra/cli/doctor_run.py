"""Runs `dialtone doctor`."""

import argparse
import json
from dataclasses import asdict

from infra.cli.options import name_project
from infra.operations.doctor.examination import Examination
from infra.operations.doctor.result import Result, Status, good
from infra.output.terminal import DIM, GREEN, RED, YELLOW, Console

SIGNS = {
    Status.OK: ("✓", GREEN),
    Status.WARNING: ("!", YELLOW),
    Status.FAILED: ("✗", RED),
    Status.UNKNOWN: ("?", RED),
    Status.SKIPPED: ("-", DIM),
}

CHECK_CHARACTERS = 22


def run(given: argparse.Namespace) -> int:
    """Check everything; 1 unless the line may be called good."""
    name_project(given)
    console, results = Console(), []
    for result in Examination(given.stack, given.region, given.flows).results():
        results.append(result)
        if not given.json:
            _show(result, console)
    if given.json:
        print(json.dumps([asdict(each) for each in results], indent=2, ensure_ascii=False))
    return 0 if good(results) else 1


def _show(result: Result, console: Console) -> None:
    sign, colour = SIGNS[result.status]
    remedy = f" → {result.remedy}" if result.remedy else ""
    console.line(f"{sign} {result.check:<{CHECK_CHARACTERS}} {result.found}{remedy}", colour)
