"""Which deployed stack a command is about."""

import argparse

from dialtone.domain.errors import DialtoneError
from infra.projects.project import nearest, stack_named

DEFAULT_STACK = "dialtone-dev"
"""What `make deploy` makes of the samples."""


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
        help=f"a stack, or an environment of the project (default: the project's first, else {DEFAULT_STACK})",
    )
    parser.add_argument("--region", default="", help="its AWS region (default: from the project or samconfig.toml)")


def stack_meant(text: str) -> str:
    """A stack by its name or its environment's; that of the project's first environment for ''. For argparse."""
    try:
        return stack_named(text or next(iter(nearest().environments()), DEFAULT_STACK))
    except DialtoneError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
