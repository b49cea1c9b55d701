"""`dialtone secret`: stores the Telnyx API key where a stack's functions read it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments. The key is none of them: a shell would keep it in its history."""
    parser.description = (
        "Ask for the Telnyx API key without showing it (or read it from a pipe), let Telnyx check it, and put it into"
        " Secrets Manager. It is written nowhere on this machine."
    )
    add_stack_to(parser)
    parser.add_argument("--name", default="", help="the secret's name (default: as the stack has it)")
    parser.set_defaults(run=later("infra.cli.secret_run"))
