"""What the commands about recordings work on: the stack's ledger and bucket, the recordings that are meant."""

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from archive.metadata import OF_CALL, metadata
from control.call_filters import moment
from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED, Recording
from infra.operations import aws
from infra.operations.custody.ledger import Ledger
from infra.operations.custody.objects import Objects
from infra.operations.custody.retention import Retention
from infra.operations.custody.selection import Selection, number
from infra.operations.stack_outputs import Stack, find_stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RECORDINGS = "recordings/"

STATUSES = (EXPECTED, SAVED, COPIED, VERIFIED, DOUBTFUL, FAILED, ERASED)


def stack(given: argparse.Namespace) -> Stack:
    """The stack that is meant. Raises DialtoneError."""
    return find_stack(given.stack, os.environ)


def calls_table(given: argparse.Namespace) -> "tuple[DynamoDBClient, str]":
    """A client in the region of the stack that is meant, and the name of its calls table. Raises DialtoneError."""
    table = stack(given).calls_table  # finding the stack sets the region of clients that are made afterwards
    return aws.client("dynamodb"), table


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
    for name in OF_CALL | {"schema_version"}:
        fields.pop(name)
    return {"status": recording.status, "reason": recording.reason or None, **fields}


def megabytes(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / 1_000_000:,.1f} MB"
