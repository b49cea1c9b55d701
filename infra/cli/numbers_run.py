"""Runs `dialtone numbers`."""

import argparse
import json

from infra.cli.options import name_project
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.account import Number
from infra.operations.connect.lines import Lines
from infra.operations.connect.record import ConnectionRecord
from infra.operations.connect.telnyx_account import TelnyxAccount
from infra.operations.stack_outputs import Deployed, StackMissing, deployed, region_of

MISSING = "not in this account"

COLUMNS = ("number", "status", "application", "flow")


def run(given: argparse.Namespace) -> int:
    """List them. Works before there is a stack: then no number leads to it."""
    name_project(given)
    try:
        stack = deployed(given.stack, region_of(given.stack, given.region))
    except StackMissing:
        stack = None
    region = stack.region if stack else region_of(given.stack, given.region)
    account = TelnyxAccount.of_key(stored_key(secret_name(stack), region))
    ours = ConnectionRecord.of(given.stack, region).read().application_id or _by_url(account, stack)
    found = rows(account.numbers(), Lines.beside(given.flows), ours)
    if given.json:
        print(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in found], indent=2, ensure_ascii=False))
    else:
        for line in table(found):
            print(line)
    return 0


def _by_url(account: TelnyxAccount, stack: Deployed | None) -> str:
    """The application that sends its webhooks to the stack, though connect has not made it; '' for none."""
    url = stack.url("WebhookUrl") if stack else ""
    found = (each.id for each in account.applications() if url and each.settings.get("webhook_event_url") == url)
    return next(found, "")


def rows(numbers: list[Number], lines: Lines, ours: str) -> list[tuple[str, ...]]:
    """One for each number of the account, and for each that only numbers.yaml has."""
    known = {each.number for each in numbers}
    found: list[tuple[str, ...]] = [
        (each.number, each.status, _application(each, ours), _flow(each, lines, ours)) for each in numbers
    ]
    return found + [(name, MISSING, "", flow) for name, flow in lines.whole.items() if name not in known]


def table(found: list[tuple[str, ...]]) -> list[str]:
    """The rows below their headings, in columns."""
    whole = [tuple(column.upper() for column in COLUMNS), *found]
    widths = [max(len(row[place]) for row in whole) for place in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in whole]


def _application(number: Number, ours: str) -> str:
    if not number.connection_id:
        return "none"
    name = number.connection_name or number.connection_id
    return f"{name} (this line)" if number.connection_id == ours else name


def _flow(number: Number, lines: Lines, ours: str) -> str:
    if number.connection_id == ours and ours:
        return lines.flow(number.number) or "none: numbers.yaml does not have it"
    flow = lines.whole.get(number.number, "")
    return f"{flow}, once connected" if flow else ""
