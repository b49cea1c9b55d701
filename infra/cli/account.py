"""`dialtone secret`, `connect`, `disconnect` and `numbers`: their arguments."""

import argparse
import re

from infra.cli.commands import later
from infra.cli.options import add_flows_to, add_stack_to

WEBHOOK_TIMEOUT_SECONDS = 2
"""Telnyx's default, too: slower webhooks are retried, finally at the failover."""

LONGEST_WEBHOOK_TIMEOUT_SECONDS = 30
USD = re.compile(r"\d{1,6}(\.\d{1,2})?")
COUNTRIES = re.compile(r"[A-Z]{2}(,[A-Z]{2})*")


def secret(parser: argparse.ArgumentParser) -> None:
    """`dialtone secret`: stores the Telnyx API key where a stack's functions read it, and nowhere else."""
    parser.description = (
        "Ask for the Telnyx API key without echo (or read it from a pipe), check it with Telnyx, and store it in "
        "Secrets Manager. Nothing is written on this machine."
    )
    add_stack_to(parser)
    parser.add_argument("--name", default="", help="the secret's name (default: the stack's)")
    parser.set_defaults(run=later("infra.cli.secret_run"))


def connect(parser: argparse.ArgumentParser) -> None:
    """`dialtone connect`: lets a stack's numbers ring, through Telnyx's API."""
    parser.description = (
        "Create or update the Call Control application, its outbound voice profile, the assignment of the numbers "
        "in numbers.yaml, and the uploaded audio. The changes are shown first."
    )
    add_stack_to(parser)
    add_flows_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be changed, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.add_argument("--take-over", action="store_true", help="take numbers from other applications without asking")
    parser.add_argument(
        "--daily-spend-limit",
        type=usd,
        metavar="USD",
        help="daily spend limit of outgoing calls and transfers (new profile: 10.00)",
    )
    parser.add_argument(
        "--destinations",
        type=countries,
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
    parser.set_defaults(run=later("infra.cli.connect_run"))


def usd(text: str) -> str:
    """An amount in USD, for argparse."""
    if not USD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text}: give an amount in USD, such as 10 or 10.00")
    return f"{float(text):.2f}"


def countries(text: str) -> tuple[str, ...]:
    """Countries, for argparse."""
    written = text.replace(" ", "").upper()
    if not COUNTRIES.fullmatch(written):
        raise argparse.ArgumentTypeError(f"{text}: give two-letter country codes, such as US,CA")
    return tuple(written.split(","))


def _timeout(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_WEBHOOK_TIMEOUT_SECONDS:
        raise argparse.ArgumentTypeError(f"{text}: give whole seconds, from 1 to {LONGEST_WEBHOOK_TIMEOUT_SECONDS}")
    return int(text)


def disconnect(parser: argparse.ArgumentParser) -> None:
    """`dialtone disconnect`: puts back what was at Telnyx before the first `dialtone connect`."""
    parser.description = (
        "Assign the numbers to their previous applications, and remove the application and its profile."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be restored, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.disconnect_run"))


def numbers(parser: argparse.ArgumentParser) -> None:
    """`dialtone numbers`: the account's phone numbers, and where each leads."""
    add_stack_to(parser)
    add_flows_to(parser)
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.set_defaults(run=later("infra.cli.numbers_run"))
