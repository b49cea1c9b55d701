"""What the commands about recordings have in common: which stack, which recordings."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from archive.metadata import metadata
from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED
from infra import aws
from infra.custody.ledger import Ledger
from infra.custody.objects import Objects
from infra.custody.retention import Retention
from infra.custody.selection import Selection, moment, number
from infra.stack_outputs import find_stack

if TYPE_CHECKING:
    import argparse

    from dialtone.domain.recordings import Recording
    from infra.stack_outputs import Stack

RECORDINGS = "recordings/"

STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, DOUBTFUL, FAILED, ERASED)


def add_stack(parser: argparse.ArgumentParser) -> None:
    """Add the argument that says which stack is meant."""
    parser.add_argument(
        "--stack", default="", metavar="NAME", help="the stack on AWS (default: the one that the environment names)"
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which recordings are meant."""
    parser.add_argument("--caller", default="", metavar="NUMBER", help="of calls from, or to, this number")
    parser.add_argument("--status", default="", choices=STATUSES, help="in this status", metavar="STATUS")
    parser.add_argument("--flow", default="", help="of calls that this flow led")
    parser.add_argument("--since", default="", metavar="TIME", help="begun then or later: 2026-11-30, 2026-11-30T14:00")
    parser.add_argument("--until", default="", metavar="TIME", help="begun before then; a day is meant to its end")


def stack(given: argparse.Namespace) -> Stack:
    """The stack that is meant. Raises DialtoneError."""
    return find_stack(given.stack, os.environ)


def selection(given: argparse.Namespace) -> Selection:
    """The recordings that are meant. Raises DialtoneError for a number or a time that is none."""
    return Selection(
        caller=number(given.caller) if given.caller else "",
        status=given.status,
        flow=given.flow,
        since=moment(given.since) if given.since else None,
        until=moment(given.until, end=True) if given.until else None,
    )


def ledger(of: Stack) -> Ledger:
    """The stack's ledger."""
    return Ledger(aws.client("dynamodb"), of.calls_table)


def objects(of: Stack) -> Objects:
    """The stack's bucket of recordings."""
    return Objects(aws.client("s3"), of.recordings_bucket)


def retention(of: Stack) -> Retention:
    """How long the stack's recordings are kept."""
    return Retention(objects(of).expires_after_days(RECORDINGS))


def described(recording: Recording) -> dict[str, Any]:
    """All that the ledger says of a recording, under the names of its metadata."""
    fields: dict[str, Any] = json.loads(metadata(recording))
    fields.pop("schema_version")
    return {"status": recording.status, "reason": recording.reason or None, **fields}


def printable(text: object) -> str:
    """Text from outside for a terminal: no character of it can move the cursor or change colours."""
    return "".join(each if each.isprintable() else "�" for each in str(text))


def megabytes(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / 1_000_000:,.1f} MB"
