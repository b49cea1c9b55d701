"""Which recordings a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED

if TYPE_CHECKING:
    import argparse


STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, DOUBTFUL, FAILED, ERASED)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which recordings are meant."""
    parser.add_argument("--caller", default="", metavar="NUMBER", help="of calls from, or to, this number")
    parser.add_argument("--status", default="", choices=STATUSES, help="in this status", metavar="STATUS")
    parser.add_argument("--flow", default="", help="of calls that this flow led")
    parser.add_argument("--since", default="", metavar="TIME", help="begun then or later: 2026-11-30, 2026-11-30T14:00")
    parser.add_argument("--until", default="", metavar="TIME", help="begun before then; a day is meant to its end")
