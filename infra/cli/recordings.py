"""`dialtone recordings`: custody of what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "list": ("infra.cli.recordings_list", "list recordings: by caller, status, flow, time"),
    "show": ("infra.cli.recordings_show", "show all that is known of a recording, or of a call's"),
    "verify": ("infra.cli.recordings_verify", "hash what is in the bucket again, and hold it to the ledger"),
    "export": ("infra.cli.recordings_export", "copy recordings into a folder that anybody can check"),
    "hold": ("infra.cli.recordings_hold", "put recordings under legal hold: nothing deletes them"),
    "release": ("infra.cli.recordings_hold", "release recordings from their legal hold"),
    "erase": ("infra.cli.recordings_erase", "erase all that there is of calls, also at Telnyx"),
    "redrive": ("infra.cli.recordings_redrive", "have what was given up, or is stuck, archived again"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
