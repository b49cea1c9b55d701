"""Runs `dialtone replay`."""

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from functools import partial

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.errors import DialtoneError
from dialtone.domain.parked_event import ParkedEvent
from infra.cli.recordings_access import stack
from infra.operations import aws
from infra.operations.parked_events import Replays
from infra.operations.stack_outputs import Stack
from infra.output.terminal import printable


def run(given: argparse.Namespace) -> int:
    """Run again, or show; 1 if an event is still parked after it."""
    if bool(given.names) == (given.all or given.list):
        raise DialtoneError("which events? Name some, or add --all; --list shows what is parked")
    with aws.explained():
        replays = _replays(stack(given))
        events = _named(replays, given.names) if given.names else replays.find()
        if given.show:
            return _show(events)
        return _list(events) if given.list else _run(replays, events)


def _replays(of: Stack) -> Replays:
    return Replays(
        ParkedEvents(aws.client("s3"), of.parked_events_bucket),
        CallsTable(aws.client("dynamodb"), of.calls_table),
        partial(WebhookFunction(aws.client("lambda")).deliver, function=of.webhook_function),
        time.time,
    )


def _named(replays: Replays, names: Iterable[str]) -> tuple[ParkedEvent, ...]:
    found: dict[str, ParkedEvent] = {}
    for name in names:
        events = replays.find(name)
        if not events:
            raise DialtoneError(
                f"{name} is not parked: it was replayed, or has expired after 14 days; --list shows what is"
            )
        found |= {each.name: each for each in events}
    return tuple(found.values())


def _list(events: Sequence[ParkedEvent]) -> int:
    for each in events:
        attempt = f"delivery {each.attempt}" if each.attempt else "delivery unknown"
        print(printable(f"{each.parked_at}  {each.event_type}  {each.error}  {attempt}  {each.name}"))
    print(f"{len(events)} events are parked" if events else "nothing is parked")
    return 0


def _show(events: Iterable[ParkedEvent]) -> int:
    for each in events:
        print(json.dumps(each._asdict()))
    return 0


def _run(replays: Replays, events: Iterable[ParkedEvent]) -> int:
    taken = kept = 0
    for each in replays.run(events):
        taken, kept = taken + each.taken, kept + (not each.taken)
        print(printable(f"{each.event.event_type} {each.event.name}: {each.said}"))
    print(f"{taken} run again, {kept} still parked")
    return 1 if kept else 0
