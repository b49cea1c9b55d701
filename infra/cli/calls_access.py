"""What the commands about calls work on: the stack's calls, and those of them that are meant."""

import argparse
import shutil

from control.call_filters import Selection
from control.listing import Listing
from infra.cli.recordings_access import calls_table
from infra.operations.custody.selection import number

WIDE = 10_000
"""Columns where nobody looks: in a pipe every line stays whole."""


def selection(given: argparse.Namespace, outcome: str = "") -> Selection:
    """The calls that are meant. Raises DialtoneError for a number that is none."""
    return Selection(number(given.number) if given.number else "", given.flow, outcome)


def listing(given: argparse.Namespace) -> Listing:
    """The stack's calls. Raises DialtoneError."""
    return Listing(*calls_table(given))


def columns(*, terminal: bool) -> int:
    """How wide a line may be."""
    return shutil.get_terminal_size().columns if terminal else WIDE
