"""Runs `dialtone events resend`."""

import argparse
from datetime import UTC, datetime

from control.call_filters import ago_or_moment, moment
from control.event_resending import Resending
from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.errors import DialtoneError
from infra.cli.recordings_access import stack
from infra.operations import aws
from infra.output.terminal import printable


def run(given: argparse.Namespace) -> int:
    """Have them sent again, and say how many; 1 if a dead letter names no item."""
    if given.until and not given.since:
        raise DialtoneError("--until needs --since: give the start of the period")
    of, now = stack(given), datetime.now(UTC)
    with aws.explained():
        resending = Resending(CallsTable(aws.client("dynamodb"), of.calls_table), now)
        if given.sessions or given.since:
            return _calls(resending, given, now)
        return _dead_letters(resending, of.events_dead_letter_queue_url)


def _calls(resending: Resending, given: argparse.Namespace, now: datetime) -> int:
    sessions = list(given.sessions)
    if given.since:
        begin = ago_or_moment(given.since, now)
        end = moment(given.until, end=True).astimezone(UTC) if given.until else now
        sessions += resending.begun(begin, end)
    items = 0
    for session in dict.fromkeys(sessions):
        found = resending.call(session)
        if not found and session in given.sessions:
            raise DialtoneError(f"there is no call {printable(session)} in the table: see `dialtone calls list`")
        items += found
    print(f"the events of {items} legs and recordings: their events are being resent")
    return 0


def _dead_letters(resending: Resending, queue_url: str) -> int:
    found = list(resending.dead_letters(aws.client("sqs"), queue_url))
    unclear = [each for each in found if each]
    print(f"{len(found) - len(unclear)} dead letters processed; their events are being resent")
    for window in unclear:
        print(f"a batch was never sent: dialtone events resend --since {window.since} --until {window.until}")
    return 1 if unclear else 0
