"""`dialtone campaigns`: what is dialled to many, and whom no campaign dials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import add_commands

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "list": ("infra.cli.campaigns_list", "the campaigns that there are, and how far each is"),
    "show": ("infra.cli.campaigns_show", "how a campaign stands: counts, rate, time left, failures"),
    "pause": ("infra.cli.campaigns_pause", "dial nobody more for now"),
    "resume": ("infra.cli.campaigns_resume", "let a paused campaign go on"),
    "cancel": ("infra.cli.campaigns_cancel", "end a campaign"),
    "report": ("infra.cli.campaigns_report", "what came of a campaign, as a table and a picture"),
    "suppress": ("infra.cli.campaigns_suppress", "the suppression list: numbers that no campaign dials"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
