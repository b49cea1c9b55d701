"""`dialtone campaigns`: what is dialled to many, and whom no campaign dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "suppress": ("infra.cli.campaigns_suppress", "the suppression list: numbers that no campaign dials"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
