"""Runs `dialtone versions`: the published versions of the flows, which of them takes calls, and who changed that."""

import argparse
import json
from datetime import UTC, datetime

from dialtone.adapters.flow_versions_table import Change, Version
from dialtone.domain.live_version import WITH_THE_CODE, Live
from infra.cli.flow_versions_access import publications, stack
from infra.operations import aws
from infra.operations.publishing.publishing import Share, named
from infra.output.terminal import printable


def run(given: argparse.Namespace) -> int:
    """Print them."""
    with aws.explained():
        table = publications(stack(given))
        live, versions = table.live(), table.versions()
        changes = table.changes() if given.changes or given.json else ()
    if given.json:
        print(
            json.dumps(
                {
                    "live": live.to_json(),
                    "versions": [each._asdict() for each in versions],
                    "changes": [*map(_change, changes)],
                }
            )
        )
        return 0
    for line in [*map(_change_line, changes)] if given.changes else _lines(live, versions):
        print(printable(line))
    return 0


def _lines(live: Live, versions: tuple[Version, ...]) -> list[str]:
    lines = [
        f"{_mark(live, each.number):6} {each.number:4}  {_minute(each.published_at)}  {each.author}  {each.message}"
        for each in versions
    ]
    lines.append(f"{_mark(live, WITH_THE_CODE):6} {WITH_THE_CODE:4}  deployed with the code")
    if live.trial:
        share = Share(live.trial.percent, live.trial.numbers)
        since = datetime.fromtimestamp(live.trial.since, UTC)
        lines.append(f"{named(live.trial.version)} is tried on {share.sentence} since {since:%Y-%m-%d %H:%M} UTC")
    return lines


def _mark(live: Live, number: int) -> str:
    if number == live.version:
        return "live"
    return "trial" if live.trial and live.trial.version == number else ""


def _change_line(change: Change) -> str:
    return f"{_minute(change.at)}  {change.author}  {change.did}"


def _change(change: Change) -> dict[str, object]:
    return {"at": change.at, "author": change.author, "did": change.did, "live": change.live.to_json()}


def _minute(moment: str) -> str:
    return moment[: len("2026-11-30T14:00")].replace("T", " ")
