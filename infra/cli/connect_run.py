"""Runs `dialtone connect`: shows what has to be changed at Telnyx, asks, changes it."""

import argparse
from dataclasses import replace
from datetime import UTC, datetime

from dialtone.domain.errors import DialtoneError
from infra.cli.account import countries, usd
from infra.cli.asking import answered, can_ask, confirmed
from infra.cli.options import name_project
from infra.operations.api_key import secret_name, stored_key
from infra.operations.connect.audio import audio_beside
from infra.operations.connect.connecting import Connecting
from infra.operations.connect.lines import Lines
from infra.operations.connect.plan import (
    DEFAULT_DAILY_SPEND_LIMIT,
    Found,
    Plan,
    ProfileWanted,
    Wanted,
    home_countries,
    plan,
)
from infra.operations.connect.record import ConnectionRecord, Recorded
from infra.operations.connect.telnyx_account import TelnyxAccount
from infra.operations.stack_outputs import Deployed, deployed, region_of


def run(given: argparse.Namespace) -> int:
    """Show, ask, change. 1 where the answer is no."""
    name_project(given)
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
    return Wanted(
        name=f"{stack.name} {stack.region}",
        webhook_url=stack.url("WebhookUrl"),
        failover_url=stack.url("FailoverUrl"),
        webhook_timeout_seconds=given.webhook_timeout,
        lines=Lines.beside(given.flows),
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
        limit = limit or usd(answered("Daily limit in USD", DEFAULT_DAILY_SPEND_LIMIT))
        home = ",".join(home_countries(wanted, found))
        destinations = destinations or countries(answered("Countries that may be called", home))
    except argparse.ArgumentTypeError as error:
        raise DialtoneError(str(error)) from error
    return ProfileWanted(limit, destinations)


def _show(todo: Plan) -> None:
    for step in todo.steps:
        for line in step.lines():
            print(line)
    if not todo.steps:
        print("Everything is up to date: nothing to change.")
    for note in todo.notes:
        print(f"Note: {note}.")


def _agreed(todo: Plan, *, yes: bool, take_over: bool) -> bool:
    if todo.taken and not take_over:
        numbers = ", ".join(f"{each.number.number} from {each.taken_from}" for each in todo.taken)
        if yes:
            raise DialtoneError(f"this would take {numbers}: add --take-over if this is intended")
        if not confirmed(f"Take {numbers}?", "--take-over and --yes"):
            return False
    return yes or confirmed("Change this at Telnyx?", "--yes")


def _carry_out(connecting: Connecting) -> None:
    connecting.begin()
    for step in connecting.plan.steps:
        connecting.do(step)
        print(f"done: {next(iter(step.lines()))[2:]}")
    if connecting.plan.steps:
        print("Connected. `dialtone doctor` checks the whole line; `dialtone disconnect` restores the previous state.")
