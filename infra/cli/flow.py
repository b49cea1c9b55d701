"""`dialtone flow`: what people do with phone menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli import flow_diff, flow_draw, flow_lint, flow_schema, flow_test

if TYPE_CHECKING:
    import argparse


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("flow", help="check phone menus")
    actions = parser.add_subparsers(required=True, metavar="action")
    flow_lint.add_to(actions)
    flow_draw.add_to(actions)
    flow_diff.add_to(actions)
    flow_test.add_to(actions)
    flow_schema.add_to(actions)
