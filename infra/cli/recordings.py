"""`dialtone recordings`: find, verify, export, hold, erase and redrive recordings. The arguments of its commands."""

import argparse
from pathlib import Path

from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED
from infra.cli.commands import add_commands, later
from infra.cli.options import add_stack

STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, DOUBTFUL, FAILED, ERASED)


def _list(parser: argparse.ArgumentParser) -> None:
    parser.description = "List recordings, oldest first. This reads the whole table, which is not sorted by time."
    _add_selection(parser)
    add_stack(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per line, under the metadata's names"
    )
    parser.set_defaults(run=later("infra.cli.recordings_list_run"))


def _show(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show the ledger entries of a recording or a call, with their objects in the bucket."
    parser.add_argument(
        "name", metavar="RECORDING|SESSION", help="a recording's name or Telnyx id, or a call's session"
    )
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=later("infra.cli.recordings_show_run"))


def _redrive(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Put the jobs of the archive's dead-letter queue back on its queue, and requeue recordings that have been "
        "`saved` for minutes. With names: requeue only those."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these, whatever their status")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_redrive_run"))


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read each recording's audio, transcript and metadata from the bucket, and compare the hashes with the "
        "ledger. The exit status is 1 if anything differs."
    )
    _add_selection(parser)
    add_stack(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="store progress in this file, and continue from it if it exists",
    )
    parser.set_defaults(run=later("infra.cli.recordings_verify_run"))


def _export(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Copy audio, metadata and transcripts into a folder, with a manifest and their hashes, which "
        "`sha256sum -c SHA256SUMS` checks. After an interruption, the same command continues."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="the folder: new, empty, or of an interrupted export"
    )
    _add_selection(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_export_run"))


def _erase(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Erase calls: recordings, transcripts and metadata in the bucket with all versions, Telnyx's copies and "
        "transcriptions, and numbers, variables and event contents in the table. A receipt without personal data "
        "stays."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--caller", metavar="NUMBER", help="all calls from or to this number")
    which.add_argument("--session", action="append", metavar="ID", help="this call; repeatable")
    which.add_argument("--receipts", action="store_true", help="repeat all erasures, after a restore of the table")
    parser.add_argument("--dry-run", action="store_true", help="show what would be erased, and erase nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_erase_run"))


def _hold(parser: argparse.ArgumentParser) -> None:
    on = parser.prog.split()[-1] == "hold"
    parser.description = (
        "Put recordings under legal hold: neither erasure nor retention deletes them until they are released."
        if on
        else "Release recordings from their legal hold: they may be erased, and expire."
    )
    parser.add_argument("names", nargs="+", metavar="RECORDING|SESSION", help="a recording, or all of a call's")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_hold_run"), on=on)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which recordings are meant."""
    parser.add_argument("--caller", default="", metavar="NUMBER", help="of calls from or to this number")
    parser.add_argument("--status", default="", choices=STATUSES, help="in this status", metavar="STATUS")
    parser.add_argument("--flow", default="", help="of calls handled by this flow")
    parser.add_argument("--since", default="", metavar="TIME", help="begun at or after: 2026-11-30, 2026-11-30T14:00")
    parser.add_argument("--until", default="", metavar="TIME", help="begun before; a day includes all of it")


ACTIONS = {
    "list": (_list, "list recordings by caller, status, flow or time"),
    "show": (_show, "show a recording's, or a call's, ledger entries"),
    "verify": (_verify, "compare the bucket's objects with the ledger, by hash"),
    "export": (_export, "copy recordings into a folder, with checksums"),
    "hold": (_hold, "put recordings under legal hold, so that nothing deletes them"),
    "release": (_hold, "release recordings from their legal hold"),
    "erase": (_erase, "erase all data of calls, also at Telnyx"),
    "redrive": (_redrive, "requeue recordings that were given up or are stuck"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
