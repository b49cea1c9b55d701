"""`dialtone recordings`: find, verify and redrive what was recorded. The arguments of its commands."""

import argparse
from pathlib import Path

from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED
from infra.cli.commands import add_commands, later
from infra.cli.stack_option import add_stack

STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, DOUBTFUL, FAILED, ERASED)


def _list(parser: argparse.ArgumentParser) -> None:
    parser.description = "List recordings, the oldest first. The whole table is read: it has no order by time."
    _add_selection(parser)
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line, under the metadata's names")
    parser.set_defaults(run=later("infra.cli.recordings_list_run"))


def _show(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show the ledger's entry of a recording, or those of a call, with their objects in the bucket."
    parser.add_argument("name", metavar="RECORDING|SESSION", help="a recording, by its name or Telnyx's id, or a call")
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=later("infra.cli.recordings_show_run"))


def _redrive(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Put the jobs of the archive's dead-letter queue back on its queue, and queue again what has been saved for "
        "minutes and is not verified. With names: queue just those again."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these, whatever became of them")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_redrive_run"))


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read each recording's audio, transcript and metadata in the bucket again, hash it, and hold it to the ledger. "
        "The exit status is 1 if anything differs."
    )
    _add_selection(parser)
    add_stack(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep the place in this file; if it is there already, go on from that place",
    )
    parser.set_defaults(run=later("infra.cli.recordings_verify_run"))


def _export(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Copy audio, metadata and transcripts into a folder, with a manifest and their hashes, which "
        "`sha256sum -c SHA256SUMS` checks. Interrupted, the same command goes on."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="empty, not there yet, or begun before"
    )
    _add_selection(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_export_run"))


def _erase(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Erase calls: recordings, transcripts and metadata in the bucket with all their versions, Telnyx's copies and "
        "transcriptions, and in the table numbers, variables and what events said. A receipt without personal data "
        "stays."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--caller", metavar="NUMBER", help="all calls from, or to, this number")
    which.add_argument("--session", action="append", metavar="ID", help="this call; may be given again")
    which.add_argument(
        "--receipts", action="store_true", help="all calls with a receipt again, once a backup of the table is restored"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would go, and erase nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_erase_run"))


def _hold(parser: argparse.ArgumentParser) -> None:
    on = parser.prog.split()[-1] == "hold"
    parser.description = (
        "Put recordings under legal hold: no erasure and no retention deletes them until they are released."
        if on
        else "Release recordings from their legal hold: they may be erased, and expire."
    )
    parser.add_argument("names", nargs="+", metavar="RECORDING|SESSION", help="a recording, or all of a call's")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_hold_run"), on=on)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which recordings are meant."""
    parser.add_argument("--caller", default="", metavar="NUMBER", help="of calls from, or to, this number")
    parser.add_argument("--status", default="", choices=STATUSES, help="in this status", metavar="STATUS")
    parser.add_argument("--flow", default="", help="of calls that this flow led")
    parser.add_argument("--since", default="", metavar="TIME", help="begun then or later: 2026-11-30, 2026-11-30T14:00")
    parser.add_argument("--until", default="", metavar="TIME", help="begun before then; a day is meant to its end")


ACTIONS = {
    "list": (_list, "list recordings: by caller, status, flow, time"),
    "show": (_show, "show all that is known of a recording, or of a call's"),
    "verify": (_verify, "hash what is in the bucket again, and hold it to the ledger"),
    "export": (_export, "copy recordings into a folder that anybody can check"),
    "hold": (_hold, "put recordings under legal hold: nothing deletes them"),
    "release": (_hold, "release recordings from their legal hold"),
    "erase": (_erase, "erase all that there is of calls, also at Telnyx"),
    "redrive": (_redrive, "have what was given up, or is stuck, archived again"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
