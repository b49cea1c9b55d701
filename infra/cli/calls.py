"""`dialtone calls`: the calls that there were, and those that go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "list": ("infra.cli.calls_list", "list calls: by number, time, flow, outcome; the newest first"),
    "show": ("infra.cli.calls_show", "show what happened on a call, as lanes of caller, Telnyx and Dialtone"),
    "tail": ("infra.cli.calls_tail", "follow calls as they happen, until Ctrl-C"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
