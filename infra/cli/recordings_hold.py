"""`dialtone recordings hold` and `release`: what may not be deleted, until somebody says so."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from infra import aws
from infra.cli.recordings_options import add_stack, ledger, objects, printable, stack
from infra.custody.holds import Holds

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    on = parser.prog.split()[-1] == "hold"
    parser.description = (
        "Put recordings under legal hold: no erasure and no retention deletes them until they are released."
        if on
        else "Release recordings from their legal hold: they may be erased, and expire."
    )
    parser.add_argument("names", nargs="+", metavar="RECORDING|SESSION", help="a recording, or all of a call's")
    add_stack(parser)
    parser.set_defaults(run=partial(run, on=on))


def run(given: argparse.Namespace, *, on: bool) -> int:
    """Hold or release, and say what; 1 if a recording has nothing that can be held."""
    of = stack(given)
    empty = 0
    with aws.explained():
        holds, entries = Holds(objects(of), of.recordings_bucket), ledger(of)
        holds.check_possible()
        recordings = [each for name in given.names for each in entries.named(name)]
        for recording in recordings:
            count = holds.set(recording, on=on)
            empty += not count
            name = printable(recording.name)
            done = "held" if on else "released"
            print(
                f"{done}: {name}, {count} versions of objects" if count else f"{name}: nothing of it is in the bucket"
            )
    return 1 if empty else 0
