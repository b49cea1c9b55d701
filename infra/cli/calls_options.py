"""What the commands about calls have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which calls are meant."""
    parser.add_argument("--number", default="", metavar="NUMBER", help="from or to this number")
    parser.add_argument("--flow", default="", help="that this flow leads")
