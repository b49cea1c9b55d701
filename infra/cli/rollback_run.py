"""Runs `dialtone rollback`: an earlier version of the flows takes new calls again."""

import argparse
from datetime import UTC, datetime

from infra.cli.asking import confirmed
from infra.cli.flow_versions_access import author, publications, stack
from infra.operations import aws
from infra.operations.publishing.publishing import named, roll_back, rolled_back


def run(given: argparse.Namespace) -> int:
    """Go back; 1 where the answer is no."""
    with aws.explained():
        table = publications(stack(given))
        was = table.live()
        becomes = rolled_back(was, table.changes(), table.versions(), given.to)
        ending = f"The trial of {named(was.trial.version)} ends. " if was.trial else ""
        print(f"{ending}Every new call goes to {named(becomes.version)}.")
        if not given.yes and not confirmed("Do it?", "--yes"):
            print("Nothing was changed.")
            return 1
        roll_back(table, was, becomes, author(), datetime.now(UTC))
    print("Done: new calls use it within 5 seconds.")
    return 0
