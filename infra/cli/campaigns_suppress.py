"""`dialtone campaigns suppress`: the suppression list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "add": ("infra.cli.campaigns_suppress_change", "let no campaign dial these numbers"),
    "remove": ("infra.cli.campaigns_suppress_change", "let campaigns dial these numbers again"),
    "import": ("infra.cli.campaigns_suppress_import", "put every number of a list on the suppression list"),
    "list": ("infra.cli.campaigns_suppress_list", "show the list, or why one number is on it"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
