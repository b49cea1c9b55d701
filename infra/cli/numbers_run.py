"""Runs `dialtone numbers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.api_key import secret_name, stored_key
from infra.cli.flows_option import name_project
from infra.connect.lines import Lines
from infra.connect.record import ConnectionRecord
from infra.connect.telnyx_account import TelnyxAccount
from infra.stack_outputs import StackMissing, deployed, region_of

if TYPE_CHECKING:
    import argparse

    from infra.connect.account import Number
    from infra.stack_outputs import Deployed

MISSING = "not in this account"


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
    for row in table(account.numbers(), Lines.beside(given.flows), ours):
        print(row)
    return 0


def _by_url(account: TelnyxAccount, stack: Deployed | None) -> str:
    """The application that sends its webhooks to the stack, though connect has not made it; '' for none."""
    url = stack.url("WebhookUrl") if stack else ""
    found = (each.id for each in account.applications() if url and each.settings.get("webhook_event_url") == url)
    return next(found, "")


def table(numbers: list[Number], lines: Lines, ours: str) -> list[str]:
    """A line for each number of the account, and for each that only numbers.yaml has."""
    rows = [(each.number, each.status, _application(each, ours), _flow(each, lines, ours)) for each in numbers]
    known = {each.number for each in numbers}
    rows += [(name, MISSING, "", flow) for name, flow in lines.whole.items() if name not in known]
    rows.insert(0, ("NUMBER", "STATUS", "APPLICATION", "FLOW"))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


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
