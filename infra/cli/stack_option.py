"""Which deployed stack a command is about, where the environment does not name one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

DEFAULT_STACK = "dialtone-dev"
"""What `make deploy` makes unless it is told otherwise."""


def add_stack_to(parser: argparse.ArgumentParser) -> None:
    """Add the stack and its region."""
    parser.add_argument("--stack", default=DEFAULT_STACK, metavar="NAME", help=f"(default: {DEFAULT_STACK})")
    parser.add_argument("--region", default="", help="its AWS region (default: as samconfig.toml has it for the stack)")
