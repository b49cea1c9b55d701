"""`dialtone demo`: four kinds of calls, played through the real code on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(run=later("infra.cli.demo_run"))
