"""`dialtone flow test-from`: a conversation written from a real call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write a conversation from a real call: what its caller heard, pressed and came to. Numbers, ids and names are"
        " replaced, what people said is left out. It passes on the version of the flow that led the call."
    )
    parser.add_argument("session", metavar="SESSION", help="the call, as for `dialtone calls show`")
    parser.add_argument("--append", type=Path, metavar="FILE", help="add it to these conversations (default: print it)")
    add_flows_to(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.flow_test_from_run"))
