"""`dialtone connect`: lets a stack's numbers ring, through Telnyx's API."""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.adapters.flow_library import read_numbers
from dialtone.domain.errors import DialtoneError
from infra.api_key import secret_name, stored_key
from infra.checkout import FLOWS
from infra.cli.asking import answered, can_ask, confirmed
from infra.connect.audio import audio_beside
from infra.connect.connecting import Connecting
from infra.connect.plan import DEFAULT_DAILY_SPEND_LIMIT, Found, ProfileWanted, Wanted, home_countries, plan
from infra.connect.record import ConnectionRecord
from infra.connect.telnyx_account import TelnyxAccount
from infra.stack_outputs import add_stack_to, deployed, region_of

if TYPE_CHECKING:
    from infra.connect.plan import Plan
    from infra.connect.record import Recorded
    from infra.stack_outputs import Deployed

WEBHOOK_TIMEOUT_SECONDS = 2
"""What Telnyx waits by default, too: what takes longer is delivered again, and in the end to the failover."""

LONGEST_WEBHOOK_TIMEOUT_SECONDS = 30

USD = re.compile(r"\d{1,6}(\.\d{1,2})?")
COUNTRIES = re.compile(r"[A-Z]{2}(,[A-Z]{2})*")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Make or change the Call Control application, its outbound voice profile, the assignment of the numbers in"
        " numbers.yaml, and the stored audio, until all is as the stack needs it. What will be changed is shown first."
    )
    add_stack_to(parser)
    parser.add_argument("--flows", type=Path, default=FLOWS, help="where the flows lie (default: functions/flows)")
    parser.add_argument("--dry-run", action="store_true", help="show what would be changed, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.add_argument("--take-over", action="store_true", help="take numbers from other applications without asking")
    parser.add_argument(
        "--daily-spend-limit", type=_usd, metavar="USD", help="of calls out and transfers (new profile: 10.00)"
    )
    parser.add_argument(
        "--destinations",
        type=_countries,
        metavar="US,CA",
        help="countries that may be called (new profile: those of your numbers)",
    )
    parser.add_argument(
        "--webhook-timeout",
        type=_timeout,
        default=WEBHOOK_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help=f"how long Telnyx waits for the webhook function (default: {WEBHOOK_TIMEOUT_SECONDS})",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Show, ask, change. 1 where the answer is no."""
    stack = deployed(given.stack, region_of(given.stack, given.region))
    stack.check_up()
    account = TelnyxAccount.of_key(stored_key(secret_name(stack), stack.region))
    record = ConnectionRecord.of(stack.name, stack.region)
    recorded = record.read()
    wanted = _wanted(given, stack)
    found = _found(account, recorded)
    todo = plan(wanted, found, datetime.now(UTC))
    if todo.problems:
        raise DialtoneError("; ".join(todo.problems))
    if todo.makes_profile and not (given.yes or given.dry_run):
        wanted = replace(wanted, profile=_asked_profile(wanted, found))
        todo = plan(wanted, found, datetime.now(UTC))
    _show(todo)
    if given.dry_run:
        return 0
    if todo.steps and not _agreed(todo, yes=given.yes, take_over=given.take_over):
        print("Nothing was changed.")
        return 1
    _carry_out(Connecting(account, record, wanted, todo, recorded))
    return 0


def _wanted(given: argparse.Namespace, stack: Deployed) -> Wanted:
    stack.output("WebhookUrl")
    numbers = {name: flow for name, flow in read_numbers(given.flows).items() if name.startswith("+")}
    return Wanted(
        name=f"{stack.name} {stack.region}",
        webhook_url=stack.url("WebhookUrl"),
        failover_url=stack.url("FailoverUrl"),
        webhook_timeout_seconds=given.webhook_timeout,
        numbers=numbers,
        audio=audio_beside(given.flows),
        profile=ProfileWanted(given.daily_spend_limit, given.destinations),
    )


def _found(account: TelnyxAccount, recorded: Recorded) -> Found:
    return Found(
        applications=account.applications(),
        profiles=account.profiles(),
        numbers={each.number: each for each in account.numbers()},
        audio={each.name: each for each in account.stored_audio()},
        recorded=recorded,
    )


def _asked_profile(wanted: Wanted, found: Found) -> ProfileWanted:
    limit, destinations = wanted.profile.daily_spend_limit, wanted.profile.destinations
    if can_ask():
        print("Calls out and transfers need an outbound voice profile. Telnyx stops them for the day at its limit.")
    try:
        limit = limit or _usd(answered("Daily limit in USD", DEFAULT_DAILY_SPEND_LIMIT))
        home = ",".join(home_countries(wanted, found))
        destinations = destinations or _countries(answered("Countries that may be called", home))
    except argparse.ArgumentTypeError as error:
        raise DialtoneError(str(error)) from error
    return ProfileWanted(limit, destinations)


def _show(todo: Plan) -> None:
    for step in todo.steps:
        for line in step.lines():
            print(line)
    if not todo.steps:
        print("All is as it should be: nothing to change.")
    for note in todo.notes:
        print(f"Note: {note}.")


def _agreed(todo: Plan, *, yes: bool, take_over: bool) -> bool:
    if todo.taken and not take_over:
        numbers = ", ".join(f"{each.number.number} from {each.taken_from}" for each in todo.taken)
        if yes:
            raise DialtoneError(f"this would take {numbers}: add --take-over if that is meant")
        if not confirmed(f"Take {numbers}?", "--take-over and --yes"):
            return False
    return yes or confirmed("Change this at Telnyx?", "--yes")


def _carry_out(connecting: Connecting) -> None:
    connecting.begin()
    for step in connecting.plan.steps:
        connecting.do(step)
        print(f"done: {next(iter(step.lines()))[2:]}")
    if connecting.plan.steps:
        print("Connected. `dialtone doctor` checks the whole line; `dialtone disconnect` puts back what was before.")


def _usd(text: str) -> str:
    if not USD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text}: say an amount in USD, such as 10 or 10.00")
    return f"{float(text):.2f}"


def _countries(text: str) -> tuple[str, ...]:
    written = text.replace(" ", "").upper()
    if not COUNTRIES.fullmatch(written):
        raise argparse.ArgumentTypeError(f"{text}: say countries by their two letters, such as US,CA")
    return tuple(written.split(","))


def _timeout(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_WEBHOOK_TIMEOUT_SECONDS:
        raise argparse.ArgumentTypeError(f"{text}: say whole seconds, from 1 to {LONGEST_WEBHOOK_TIMEOUT_SECONDS}")
    return int(text)
