"""Runs `dialtone calls show`."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from control.timeline import CallTimeline
from dialtone.domain.errors import DialtoneError
from infra.cli.calls_access import columns, listing
from infra.cli.recordings_access import described
from infra.operations import aws
from infra.operations.calls.lanes import lanes
from infra.operations.calls.page import page_of
from infra.output.files import write_whole
from infra.output.terminal import Console

PIPE_COLUMNS = 120


def run(given: argparse.Namespace) -> int:
    """Print the call's timeline."""
    with aws.explained():
        calls = listing(given)
        timeline = calls.timeline(calls.find(given.call, datetime.now(UTC)))
    if given.json:
        recordings = [described(each) for each in timeline.recordings]
        print(json.dumps(timeline.to_json() | {"recordings": recordings}, indent=2, ensure_ascii=True))
    elif given.html:
        _write(given.html, timeline)
    else:
        console = Console()
        shown = columns(terminal=True) if sys.stdout.isatty() else PIPE_COLUMNS
        for line, colour in lanes(timeline, shown):
            console.line(line, colour)
    return 0


def _write(file: Path, timeline: CallTimeline) -> None:
    try:
        write_whole(file, page_of(timeline))
    except OSError as error:
        raise DialtoneError(f"{file} cannot be written ({error.strerror}): name another --html FILE") from error
    print(f"{file}: {len(timeline.rows)} rows; open it in a browser. It holds the numbers of the people on the call.")
