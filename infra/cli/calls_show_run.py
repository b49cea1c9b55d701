"""Runs `dialtone calls show`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra import aws
from infra.calls.lanes import lanes
from infra.calls.page import page_of
from infra.cli.calls_access import columns, listing
from infra.cli.recordings_access import described
from infra.console import Console
from infra.files import write_whole

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from control.story import Story


PIPE_COLUMNS = 120


def run(given: argparse.Namespace) -> int:
    """Print the call's story."""
    with aws.explained():
        calls = listing(given)
        story = calls.story(calls.find(given.call, datetime.now(UTC)))
    if given.json:
        recordings = [described(each) for each in story.recordings]
        print(json.dumps(story.to_json() | {"recordings": recordings}, indent=2, ensure_ascii=True))
    elif given.html:
        _write(given.html, story)
    else:
        console = Console()
        shown = columns(terminal=True) if sys.stdout.isatty() else PIPE_COLUMNS
        for line, colour in lanes(story, shown):
            console.line(line, colour)
    return 0


def _write(file: Path, story: Story) -> None:
    try:
        write_whole(file, page_of(story))
    except OSError as error:
        raise DialtoneError(f"{file} cannot be written ({error.strerror}): name another --html FILE") from error
    print(f"{file}: {len(story.rows)} rows; open it in a browser. It holds the numbers of the people on the call.")
