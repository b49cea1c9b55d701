"""Runs `dialtone recordings list`."""

import argparse
import json
from collections.abc import Iterable, Sequence

from dialtone.domain.recordings import Recording
from infra.cli.recordings_access import described, ledger, selection, stack
from infra.operations import aws
from infra.operations.custody.selection import began_at, people
from infra.output.terminal import printable

COLUMNS = ("BEGAN", "STATUS", "SECONDS", "CALLER", "FLOW", "RECORDING", "SESSION")
MILLIS_PER_SECOND = 1_000


def run(given: argparse.Namespace) -> int:
    """Print a line for each recording."""
    wanted, of = selection(given), stack(given)
    with aws.explained():
        found = sorted(ledger(of).entries(wanted), key=lambda each: (began_at(each), each.name))
    if given.json:
        for recording in found:
            print(json.dumps(described(recording), ensure_ascii=True))
    else:
        for line in _table([COLUMNS, *map(_row, found)]):
            print(line)
    return 0


def _row(recording: Recording) -> Sequence[str]:
    millis = recording.audio.duration_millis if recording.audio else None
    return (
        began_at(recording).strftime("%Y-%m-%d %H:%M:%S"),
        recording.status,
        "" if millis is None else f"{millis / MILLIS_PER_SECOND:.1f}",
        " ".join(sorted(people(recording))) or "withheld",
        recording.flow,
        recording.name,
        recording.call_session_id,
    )


def _table(rows: Iterable[Sequence[str]]) -> Iterable[str]:
    shown = [[printable(each) for each in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield "  ".join(f"{each:{width}}" for each, width in zip(row, widths, strict=True)).rstrip()
