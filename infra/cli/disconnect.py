"""`dialtone disconnect`: puts back what was at Telnyx before the first `dialtone connect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.api_key import secret_name, stored_key
from infra.cli.asking import confirmed
from infra.connect.disconnecting import disconnection, put_back
from infra.connect.record import ConnectionRecord
from infra.connect.telnyx_account import TelnyxAccount
from infra.stack_outputs import add_stack_to, deployed, region_of

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Let the numbers ring what they rang before, and undo the application and its profile."
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be put back, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Show, ask, put back. 1 where the answer is no."""
    stack = deployed(given.stack, region_of(given.stack, given.region))
    stack.check_up()
    record = ConnectionRecord.of(stack.name, stack.region)
    recorded = record.read()
    if not recorded.values:
        print(f"{stack.name} is not connected: there is nothing to put back.")
        return 0
    account = TelnyxAccount.of_key(stored_key(secret_name(stack), stack.region))
    todo = disconnection(recorded, account.applications(), account.profiles(), account.numbers())
    for line in todo.lines():
        print(line)
    for note in todo.notes:
        print(f"Note: {note}.")
    print("Stored audio stays: other lines of the account may play it.")
    if given.dry_run:
        return 0
    if not (given.yes or confirmed("Put this back at Telnyx?", "--yes")):
        print("Nothing was changed.")
        return 1
    for note in put_back(todo, recorded, account, record):
        print(f"Note: {note}.")
    print(f"{stack.name} is disconnected.")
    return 0
