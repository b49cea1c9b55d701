"""Runs `dialtone flow test`."""

import argparse
import sys
import time
from pathlib import Path

from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from infra.cli.flow_test_reports import REPORTS
from infra.cli.options import name_project
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations, schema
from infra.flowkit.conversations.runner import Played, coverages, flows_in, play


def run(given: argparse.Namespace) -> int:
    """Play and report; 1 if a conversation failed, or less was taken than demanded."""
    if given.schema:
        sys.stdout.write(schema())
        return 0
    if not given.what:
        name_project(given)
    files = [_file(what, given.flows) for what in given.what] or sorted(given.flows.glob(f"*{SUFFIX}"))
    wanted = given.name.casefold()
    scripts = [
        each for file in files for each in read_conversations(file) if wanted in each.conversation.name.casefold()
    ]
    if not scripts:
        which = f"whose name holds “{given.name}”" if given.name else f"in a file named <flow>{SUFFIX}"
        remedy = "leave -k out to play all" if given.name else "see docs/conversations.md for how to write one"
        raise DialtoneError(f"there is no conversation {which} in {given.flows}: {remedy}")
    tell, sum_up = REPORTS[given.format]
    sdk.load()  # the carrier checks commands by the SDK's descriptions: that second belongs to no conversation
    began, conversations = time.perf_counter(), []
    for each in play(scripts, given.jobs):
        tell(each)
        conversations.append(each)
    took = time.perf_counter() - began
    asked = {(file.parent, file.name.removesuffix(SUFFIX)) for file in files}
    if not given.what and not given.name:
        asked |= {(given.flows, flow) for flow in flows_in(given.flows)}
    played = Played(tuple(conversations), coverages(asked, conversations), took)
    sum_up(played, given.cover)
    return 0 if played.passed(given.cover) else 1


def _file(what: str, folder: Path) -> Path:
    file = Path(what) if what.endswith(SUFFIX) else folder / f"{what}{SUFFIX}"
    if not file.is_file():
        raise DialtoneError(f"there is no {file}: name a flow that has conversations beside it, or such a file")
    return file
