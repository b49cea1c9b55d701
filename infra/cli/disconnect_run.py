"""Runs `dialtone disconnect`: shows what will be put back, asks, puts it back."""

import argparse

from infra.cli.asking import confirmed
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.disconnecting import disconnection, put_back
from infra.operations.connect.record import ConnectionRecord
from infra.operations.connect.telnyx_account import TelnyxAccount
from infra.operations.stack_outputs import StackMissing, deployed, region_of


def run(given: argparse.Namespace) -> int:
    """Show, ask, put back. 1 where the answer is no."""
    region = region_of(given.stack, given.region)
    try:
        stack = deployed(given.stack, region)
    except StackMissing:  # deleted before its numbers were given back
        stack = None
    record = ConnectionRecord.of(given.stack, region)
    recorded = record.read()
    if not recorded.values:
        print(f"{given.stack} is not connected: there is nothing to restore.")
        return 0
    account = TelnyxAccount.of_key(stored_key(secret_name(stack), region))
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
    print(f"{given.stack} is disconnected.")
    return 0
