"""Runs `dialtone secret`: asks for the key, checks it, stores it."""

import argparse
import getpass
import sys

from dialtone.adapters.settings import API_KEY
from dialtone.domain.errors import DialtoneError
from infra.cli.asking import can_ask
from infra.operations.api_key import secret_name, store_key
from infra.operations.connect.record import ConnectionRecord
from infra.operations.connect.telnyx_account import RequestRefused, TelnyxAccount, TelnyxSilent
from infra.operations.stack_outputs import Deployed, StackMissing, deployed, region_of
from infra.projects.project import nearest, shown


def run(given: argparse.Namespace) -> int:
    """Ask, check, store. Works before there is a stack."""
    region = region_of(given.stack, given.region)
    try:
        stack = deployed(given.stack, region)
    except StackMissing:
        stack = None
    name = given.name or secret_name(stack)
    key = _asked_key()
    account = TelnyxAccount.of_key(key)
    account.check_key()
    new = store_key(name, region, key)
    print(f"Telnyx accepts the key; it is {'in the new secret' if new else 'now in the secret'} {name}.")
    if stack is None:
        _show_next(account)
    else:
        print("The functions use it within five minutes, and at once if Telnyx refuses the old one.")
        _note_other_account(account, stack)
    return 0


def _asked_key() -> str:
    """The key that is typed or piped in. Raises DialtoneError for what cannot be one, without repeating it."""
    try:
        written = getpass.getpass("Telnyx API key: ") if can_ask() else sys.stdin.readline()
    except EOFError:
        written = ""
    key = written.strip()
    if not key:
        raise DialtoneError("no API key was given: type or paste it, or pipe it in")
    if not API_KEY.fullmatch(key):
        raise DialtoneError("that is not an API key: copy it again, without quotes or spaces")
    return key


def _show_next(account: TelnyxAccount) -> None:
    """How to deploy, which needs the account's public key."""
    try:
        public_key = account.public_key()
    except (RequestRefused, TelnyxSilent):
        public_key = "…"
        print("Telnyx did not return the account's public key: it is in the portal, Account, Keys & Credentials.")
    if file := nearest().file:
        print(f"Next: write these into {shown(file)}, with an address of yours, and run `dialtone deploy`:")
        print(f'TelnyxPublicKey = "{public_key}"\nAlarmEmail = "you@example.com"')
    else:
        print(f"Next: make deploy PARAMETERS='TelnyxPublicKey={public_key} AlarmEmail=you@example.com'")


def _note_other_account(account: TelnyxAccount, stack: Deployed) -> None:
    known = ConnectionRecord.of(stack.name, stack.region).read().application_id
    if known and all(each.id != known for each in account.applications()):
        print(f"Note: the line's application {known} is not in this key's account: `dialtone connect` makes one there.")
