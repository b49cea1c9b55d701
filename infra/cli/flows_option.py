"""Which flows a command works on."""

import argparse
import sys
from pathlib import Path

from infra.projects.project import nearest


def add_flows_to(parser: argparse.ArgumentParser) -> None:
    """Add `--flows`: which flows a command works on. Those of the nearest project unless it is given."""
    found = nearest()
    parser.set_defaults(project=found, flows=found.flows)
    parser.add_argument(
        "--flows", type=Path, metavar="FOLDER", help="folder of the flows (default: the nearest project, else samples)"
    )


def name_project(given: argparse.Namespace) -> None:
    """Say whose menus a command works on, unless the person has named them."""
    if given.flows == given.project.flows:
        print(f"dialtone: {given.project.sentence}", file=sys.stderr)
