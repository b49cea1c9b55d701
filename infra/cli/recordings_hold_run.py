"""Runs `dialtone recordings hold` and `release`."""

import argparse

from infra.cli.recordings_access import ledger, objects, stack
from infra.operations import aws
from infra.operations.custody.holds import Holds
from infra.output.terminal import printable


def run(given: argparse.Namespace) -> int:
    """Hold or release, and say what; 1 if a recording has nothing that can be held."""
    of = stack(given)
    empty = 0
    with aws.explained():
        holds, entries = Holds(objects(of), of.recordings_bucket), ledger(of)
        holds.check_possible()
        recordings = [each for name in given.names for each in entries.named(name)]
        for recording in recordings:
            count = holds.set(recording, on=given.on)
            empty += not count
            name = printable(recording.name)
            done = "held" if given.on else "released"
            print(
                f"{done}: {name}, {count} versions of objects"
                if count
                else f"{name}: none of its objects are in the bucket"
            )
    return 1 if empty else 0
