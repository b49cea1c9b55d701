"""`dialtone flow`: what people do with phone menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "lint": ("infra.cli.flow_lint", "tell what is wrong with the flows, with file, line, step and remedy"),
    "draw": ("infra.cli.flow_draw", "draw flows: steps, keys, paths"),
    "diff": ("infra.cli.flow_diff", "tell and draw what a change does to callers"),
    "test": ("infra.cli.flow_test", "play the conversations beside the flows, and say which paths none took"),
    "replay": ("infra.cli.flow_replay", "tell where callers of real calls would have gone in other flows"),
    "test-from": ("infra.cli.flow_test_from", "write a conversation from a real call, personal details replaced"),
    "schema": ("infra.cli.flow_schema", "print the JSON Schema of flows, or write all that are published"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
