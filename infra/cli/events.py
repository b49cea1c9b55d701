"""`dialtone events`: what is sent to the event bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {"resend": ("infra.cli.events_resend", "send events again: those that could not be sent, or all of a time")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
