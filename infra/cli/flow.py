"""`dialtone flow`: what people do with phone menus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.flowkit.lint import lint
from infra.local.cloud import FUNCTIONS

if TYPE_CHECKING:
    import argparse

FLOWS = FUNCTIONS / "flows"


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("flow", help="check phone menus")
    actions = parser.add_subparsers(required=True, metavar="action")
    checking = actions.add_parser("lint", help="tell what is wrong with the flows, with file, line, step and remedy")
    checking.add_argument(
        "folder", nargs="?", type=Path, default=FLOWS, help="where they lie (default: functions/flows)"
    )
    checking.set_defaults(run=run_lint)


def run_lint(given: argparse.Namespace) -> int:
    """Print every fault; 0 if there is none."""
    faults = lint(given.folder)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{given.folder}: every flow can be followed")
    return 1 if faults else 0
