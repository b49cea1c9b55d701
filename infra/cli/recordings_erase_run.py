"""Runs `dialtone recordings erase`."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from control.archive_dead_letters import ArchiveDeadLetters
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.domain.errors import DialtoneError
from infra.cli.recordings_access import objects, stack
from infra.operations import aws
from infra.operations.custody.call_items import CallItems
from infra.operations.custody.erasure import Erasure
from infra.operations.custody.holds import Holds
from infra.operations.custody.objects import Objects
from infra.operations.custody.receipts import Receipts
from infra.operations.custody.selection import number
from infra.output.terminal import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from infra.operations.custody.erasure import Plan
    from infra.operations.stack_outputs import Stack


AGREED = "erase"


def run(given: argparse.Namespace) -> int:
    """Show what goes, ask, erase; 1 if a call could not be erased."""
    caller = number(given.caller) if given.caller else ""
    if given.session and not all(each.strip() for each in given.session):
        raise DialtoneError("which call session? Give the id that `dialtone recordings list` shows")
    of = stack(given)
    now = datetime.now(UTC)
    with aws.explained(), closing(TelnyxApi(of.telnyx_api_key())) as telnyx:
        erasure = _erasure(of, telnyx)
        wanted = [*_unfinished(erasure), *_sessions(given, caller, erasure)]
        plans = [erasure.plan(session, now) for session in dict.fromkeys(wanted)]
        for plan in plans:
            print(_shown(plan))
        possible = [plan for plan in plans if not plan.obstacle]
        remembers = bool(caller) and erasure.items.remembers(caller)
        if remembers:
            print("what flows remember of this caller is erased, too")
        if given.dry_run or not (plans or remembers):
            print(f"{len(possible)} calls would be erased" if plans or remembers else "there is nothing to erase")
        elif possible or remembers:
            _agree(possible, asked=not given.yes)
            erasure.begin(possible, now)
            for plan in possible:
                _erase(erasure, plan, now)
            if remembers:
                # Last: a call that is erased may have set it until it was.
                erasure.items.forget(caller)
                print("erased what flows remembered of this caller")
    return 1 if len(possible) < len(plans) else 0


def _erasure(of: Stack, telnyx: TelnyxApi) -> Erasure:
    dynamodb, recordings = aws.client("dynamodb"), objects(of)
    return Erasure(
        items=CallItems(dynamodb, of.calls_table),
        objects=recordings,
        parked=Objects(aws.client("s3"), of.parked_events_bucket),
        dead_letters=ArchiveDeadLetters(aws.client("sqs"), of.archive_dead_letter_queue_url),
        receipts=Receipts(recordings),
        telnyx=telnyx,
        holds=Holds(recordings, of.recordings_bucket) if recordings.has_lock() else None,
    )


def _unfinished(erasure: Erasure) -> Iterator[str]:
    """The calls whose erasure was interrupted: they are finished with the next, whichever that is."""
    for receipt in erasure.receipts.unfinished():
        print(f"{printable(receipt.call_session_id)}: its erasure was begun at {receipt.begun_at} and not finished")
        yield receipt.call_session_id


def _sessions(given: argparse.Namespace, caller: str, erasure: Erasure) -> Sequence[str]:
    if given.receipts:
        return [receipt.call_session_id for receipt in erasure.receipts.all()]
    return erasure.items.sessions_of(caller) if caller else given.session


def _shown(plan: Plan) -> str:
    session = printable(plan.call_session_id)
    if plan.obstacle:
        return f"{session}: not erased: {plan.obstacle}"
    items = plan.items
    return (
        f"{session}: {items.legs} legs, {items.events} events and {items.recordings} recordings in the table, "
        f"{plan.versions} versions of objects in the bucket, {plan.at_telnyx} recordings at Telnyx"
    )


def _agree(plans: Sequence[Plan], *, asked: bool) -> None:
    """Go on if the person does. Raises DialtoneError."""
    if not asked:
        return
    if not sys.stdin.isatty():
        raise DialtoneError("nothing was erased: there is no terminal for the question; add --yes")
    try:
        answer = input(f'Erase {len(plans)} calls permanently? This cannot be undone. Type "{AGREED}": ')
    except EOFError:
        answer = ""
    if answer.strip() != AGREED:
        raise DialtoneError("nothing was erased")


def _erase(erasure: Erasure, plan: Plan, now: datetime) -> None:
    done = erasure.run(plan, now)
    print(
        f"erased {printable(done.call_session_id)}: {done.recordings} recordings and {done.transcriptions} "
        f"transcriptions at Telnyx, {done.versions} versions of objects, {done.items} items in the table"
    )
