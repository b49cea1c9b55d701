"""Runs `dialtone recordings redrive`."""

import argparse
import time

from control.archive_dead_letters import ArchiveDeadLetters
from dialtone.adapters.archive_queue import ArchiveQueue
from infra.cli.recordings_access import ledger, stack
from infra.operations import aws
from infra.operations.custody.redrive import Redrive
from infra.operations.stack_outputs import Stack
from infra.output.terminal import printable


def run(given: argparse.Namespace) -> int:
    """Put back, and say what; 1 if a message is no job."""
    of = stack(given)
    with aws.explained():
        redrive = _redrive(of)
        if given.names:
            for name in given.names:
                for recording in redrive.named(name):
                    print(f"queued: {printable(recording.name)} ({recording.status})")
            return 0
        return _everything(redrive)


def _redrive(of: Stack) -> Redrive:
    sqs = aws.client("sqs")
    dead_letters = ArchiveDeadLetters(sqs, of.archive_dead_letter_queue_url)
    return Redrive(ledger(of), dead_letters, ArchiveQueue(sqs, of.archive_queue_url))


def _everything(redrive: Redrive) -> int:
    back = unreadable = 0
    for job in redrive.given_up():
        if job is None:
            unreadable += 1
            continue
        back += 1
        print(f"put back: {job.kind} of {printable(job.recording or job.recording_id)}")
    stuck = 0
    for recording in redrive.stuck(time.time()):
        stuck += 1
        print(f"queued: {printable(recording.name)} ({recording.status})")
    print(f"{back} put back from the dead-letter queue, {stuck} queued that were stuck")
    if unreadable:
        print(f"{unreadable} messages are not jobs and stay in the dead-letter queue: look at them in the SQS console")
    return 1 if unreadable else 0
