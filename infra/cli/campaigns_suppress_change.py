"""`dialtone campaigns suppress add` and `remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    adds = parser.prog.split()[-1] == "add"
    parser.description = (
        "Put numbers on the suppression list: no campaign dials them, those that are at work included."
        if adds
        else "Take numbers off the suppression list: campaigns dial them again. Ask their owners first."
    )
    parser.add_argument("numbers", nargs="+", metavar="NUMBER", help="in E.164, such as +15555550142")
    if adds:
        parser.add_argument("--reason", required=True, help="why, as it is kept with the number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="add" if adds else "remove")
