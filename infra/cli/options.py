"""Options that several commands share."""

import argparse
import os
import sys
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.local.stack_name import STACK_NAME, is_exported
from infra.phone.key_help import KIND_NAMES
from infra.projects.project import nearest, stack_named

DEFAULT_STACK = "dialtone-dev"
"""What `make deploy` makes of the samples."""

LAST_PORT = 65_535


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Add the stack, of a command that else takes the one whose table, bucket and queues the environment names."""
    parser.add_argument(
        "--stack",
        default="",
        metavar="NAME",
        help="a stack, or an environment of the project (default: from the shell's variables, else the first)",
    )


def add_stack_to(parser: argparse.ArgumentParser) -> None:
    """Add the stack and its region."""
    parser.add_argument(
        "--stack",
        default="",
        type=stack_meant,
        metavar="NAME",
        help="a stack, or an environment of the project "
        f"(default: from the shell's variables, else the project's first, else {DEFAULT_STACK})",
    )
    parser.add_argument("--region", default="", help="its AWS region (default: from the project or samconfig.toml)")


def stack_meant(text: str) -> str:
    """A stack by its name or its environment's. For argparse.

    For '' the stack of `dialtone up` in a shell that has its variables, else that of the project's first environment.
    """
    if not text and is_exported(os.environ):
        return STACK_NAME
    try:
        return stack_named(text or next(iter(nearest().environments()), DEFAULT_STACK))
    except DialtoneError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_flows_to(parser: argparse.ArgumentParser) -> None:
    """Add `--flows`: which flows a command works on. Those of the nearest project unless it is given."""
    found = nearest()
    parser.set_defaults(project=found, flows=found.flows)
    parser.add_argument(
        "--flows", type=Path, metavar="FOLDER", help="folder of the flows (default: the nearest project, else samples)"
    )


def name_project(given: argparse.Namespace) -> None:
    """Say whose flows a command works on, unless the person has named them."""
    if given.flows == given.project.flows:
        print(f"dialtone: {given.project.sentence}", file=sys.stderr)


def add_agent_to(parser: argparse.ArgumentParser) -> None:
    """Add `--agent`."""
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        metavar="[NUMBER=]WHO",
        help=f"who answers when the flow dials somebody: {', '.join(KIND_NAMES)} (a person); may be given again",
    )


def port(text: str) -> int:
    """The number. Raises ArgumentTypeError for what is not a port."""
    if not (text.isascii() and text.isdecimal()) or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port: give a number up to {LAST_PORT}, or 0 for a free one")
    return int(text)
