"""Runs `dialtone campaigns list`, `show`, `pause`, `resume`, `cancel` and `report`."""

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TextIO

from dialtone.adapters.calls_table import LostRace
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.domain.campaigns.campaign import CANCELLED, DONE, Campaign
from dialtone.domain.campaigns.costs import Spent
from dialtone.domain.campaigns.pause_resume_cancel import ordered
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import PART_RECIPIENTS
from dialtone.domain.errors import DialtoneError
from infra.cli.campaigns import LOOK_SECONDS
from infra.cli.flow_versions_access import author
from infra.cli.recordings_access import calls_table
from infra.operations import aws
from infra.operations.calls.spreadsheet import cell
from infra.operations.campaigns.report import Sums, picture, row_of
from infra.operations.campaigns.status import Standing, costs, counts, duration, rate_between, rate_of_late, table
from infra.output.terminal import can_draw, printable

TRIES = 5
"""Of an order, while the worker changes the campaign, too."""
SHOWN = 5
"""Campaigns that a beginning may mean."""


def run(given: argparse.Namespace) -> int:
    """Do what is asked, of the stack that is meant."""
    with aws.explained():
        store = CampaignsTable(*calls_table(given))
        does = {"list": _list, "show": _show, "report": _report}.get(given.what, _order)
        return does(given, store)


def _list(given: argparse.Namespace, store: CampaignsTable) -> int:
    if given.limit < 1:
        raise DialtoneError(f"--limit {given.limit} is not possible: give 1 or more")
    found = store.read(store.ordered()[: given.limit])
    if given.json:
        for campaign, progress in found:
            print(json.dumps(_json(campaign, progress)))
    elif found:
        print("\n".join(map(printable, table(found))))
    else:
        print("no campaigns: create one with `dialtone announce`", file=sys.stderr)
    return 0


def _show(given: argparse.Namespace, store: CampaignsTable) -> int:
    campaign, progress = _found(given.campaign, store)
    if given.json:
        print(json.dumps(_json(campaign, progress) | {"cost": asdict(store.spent(campaign.id))}))
        return 0
    standing = Standing(campaign, progress, time.time(), rate_of_late(progress), store.spent(campaign.id))
    shown = _print(standing, 0)
    with suppress(KeyboardInterrupt):
        while given.watch and not _is_over(standing):
            time.sleep(LOOK_SECONDS)
            campaign, later = _found(given.campaign, store)
            now = time.time()
            rate = rate_between(standing.progress, later, now - standing.now)
            standing = Standing(campaign, later, now, rate, store.spent(campaign.id))
            shown = _print(standing, shown)
    return 0


def _print(standing: Standing, shown: int) -> int:
    """Print the progress; on a terminal it replaces that many lines. Returns the number of lines printed."""
    lines = [printable(each) for each in standing.lines()]
    if shown and can_draw(sys.stdout, os.environ):
        sys.stdout.write(f"\x1b[{shown}F\x1b[J")
    print("\n".join(lines), flush=True)
    return len(lines)


def _is_over(standing: Standing) -> bool:
    campaign = standing.campaign
    return campaign.status == DONE or (
        campaign.status == CANCELLED and standing.progress.settled >= campaign.recipients
    )


def _order(given: argparse.Namespace, store: CampaignsTable) -> int:
    by = author()
    for _ in range(TRIES):
        campaign, _ = _found(given.campaign, store)
        changed = ordered(campaign, given.what, int(time.time()), by, given.reason)
        try:
            if changed != campaign:
                store.change(changed)
        except LostRace:
            continue
        print(f"{campaign.id}: {changed.status}")
        return 0
    raise DialtoneError(f"the campaign {given.campaign} is being changed by others: run this again")


def _report(given: argparse.Namespace, store: CampaignsTable) -> int:
    campaign, progress = _found(given.campaign, store)
    sums = Sums()
    spent = store.spent(campaign.id)
    rows = _rows(campaign, store, sums, priced=bool(given.csv and spent.calls))
    with ExitStack() as files:
        if given.csv:
            out = sys.stdout if given.csv == "-" else files.enter_context(_file(given.csv))
            _write_csv(rows, out)
        for _ in rows:
            pass  # what no table was made of is added up all the same
    if given.svg:
        with _file(given.svg) as drawn:
            drawn.write(picture(campaign, sums, spent))
    if given.csv != "-":
        print("\n".join(map(printable, _summary(campaign, progress, sums, spent))))
    return 0


def _summary(campaign: Campaign, progress: Progress, sums: Sums, spent: Spent) -> list[str]:
    took = progress.at - progress.began_at if progress.began_at else 0
    return [
        f"{campaign.id}: {campaign.status}, {progress.settled:,} of {campaign.recipients:,} recipients done",
        f"{progress.dials:,} dials in {duration(took)}{_estimated(campaign)}; {sums.minutes:,} minutes answered",
        *costs(campaign, spent),
        *counts(progress),
    ]


def _estimated(campaign: Campaign) -> str:
    seconds = campaign.estimated_seconds
    return f" (estimated {duration(seconds)} for one round)" if seconds else ""


def _rows(campaign: Campaign, store: CampaignsTable, sums: Sums, *, priced: bool) -> Iterator[dict[str, object]]:
    """The rows of the table, added up on the way; a part of the list at a time."""
    for part in range(-(-campaign.recipients // PART_RECIPIENTS)):
        costs_of = store.costs(campaign.id, part) if priced else {}
        for attempt in store.attempts(campaign.id, part):
            sums.add(attempt)
            yield row_of(attempt, costs_of.get(attempt.row, 0))


def _write_csv(rows: Iterator[dict[str, object]], out: TextIO) -> None:
    """A header, of what the first recipient was given, and a row for each."""
    first = next(rows, None)
    if first is None:
        return
    heads = list(first)
    writer = csv.DictWriter(out, fieldnames=heads, extrasaction="ignore", restval="", lineterminator="\n")
    writer.writerow({name: cell(name) for name in heads})
    for row in chain([first], rows):
        writer.writerow({name: cell(value) for name, value in row.items()})


def _file(name: str) -> TextIO:
    try:
        return Path(name).open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise DialtoneError(f"{name} cannot be written ({error.strerror}): name another file") from None


def _found(named: str, store: CampaignsTable) -> tuple[Campaign, Progress]:
    """The campaign of that id, or the only one whose id begins with it and a hyphen."""
    found = store.read([named])
    if not found:
        ids = [each for each in store.ordered() if each.startswith(f"{named}-")]
        if len(ids) > 1:
            some = ", ".join(ids[:SHOWN])
            raise DialtoneError(f"{named} is the beginning of {len(ids)} campaigns: give more of it: {some}")
        found = store.read(ids)
    if not found:
        raise DialtoneError(f"there is no campaign {named}: `dialtone campaigns list` shows all")
    return found[0]


def _json(campaign: Campaign, progress: Progress) -> dict[str, object]:
    return {**campaign.to_json(), "progress": {**asdict(progress), "settled": progress.settled}}
