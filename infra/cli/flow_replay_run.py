"""Runs `dialtone flow replay`."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from control.listing import Listing
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.errors import DialtoneError
from dialtone.domain.retention import KEEP_DAYS
from infra.cli.calls_access import listing
from infra.cli.flow import MOST_CALLS
from infra.cli.options import name_project
from infra.flowkit.conversations.runner import flows_in
from infra.flowkit.drawing.versions import Text, is_flow
from infra.operations import aws
from infra.output.terminal import BOLD, DIM, PLAIN, RED, YELLOW, Console, printable
from infra.replaying.comparison import ELSEWHERE, NOT_PLAYED, Comparison, NotPlayed, compare_all
from infra.replaying.rerun import StepPath

MOST_READ = 10_000
"""Calls that are looked at for the newest that can be played."""

LEAST_WIDTH = 24


def run(given: argparse.Namespace) -> int:
    """Compare and print. That calls go elsewhere is what a change is for, and no failure."""
    _check(given)
    library = None if given.version is not None else _project(given)
    found: Counter[str] = Counter()
    with aws.explained():
        calls = listing(given)
        sessions = _newest(calls, given.last) if given.last else _named(calls, given.sessions)
        library = library or _published(calls, given.version)
        sdk.load()  # the carrier checks commands by the SDK's descriptions
        for each in compare_all(calls.store, sessions, library, given.flows):
            found[each.verdict] += 1
            _show(each, as_json=given.json, whole=not given.last)
    if not given.json and given.last:
        print(_share(found))
    return 0


def _check(given: argparse.Namespace) -> None:
    if given.last is not None and given.sessions:
        raise DialtoneError("give calls or --last N, not both")
    if given.last is None and not given.sessions:
        raise DialtoneError("name a call, as `dialtone calls list` shows them, or pass --last 100")
    if given.last is not None and not 1 <= given.last <= MOST_CALLS:
        raise DialtoneError(f"--last {given.last} is not possible: give a number from 1 to {MOST_CALLS:,}")
    if not given.flows.is_dir():
        raise DialtoneError(f"{given.flows} is not a folder: name the one that holds the flows")


def _project(given: argparse.Namespace) -> FlowLibrary:
    name_project(given)
    library = FlowLibrary.open(given.flows)
    return _readable(library, flows_in(given.flows))


def _published(calls: Listing, version: int) -> FlowLibrary:
    texts = calls.store.published_texts(version)
    if texts is None:
        raise DialtoneError(f"version {version} was not published: `dialtone versions` lists those that were")
    flows = (name.removesuffix(".yaml") for name, text in texts.items() if is_flow(Text(name, text)))
    return _readable(FlowLibrary.of_texts(texts), flows)


def _readable(library: FlowLibrary, flows: Iterable[str]) -> FlowLibrary:
    """The library. Raises FlowInvalid if one of its flows is broken: a call would only meet its silence."""
    for name in flows:
        library.flow(name)
    return library


def _named(calls: Listing, named: list[str]) -> list[str]:
    now = datetime.now(UTC)
    return list(dict.fromkeys(calls.find(each, now) for each in named))


def _newest(calls: Listing, last: int) -> list[str]:
    """The sessions of the newest calls that a flow led and that are over."""
    now = datetime.now(UTC)
    sessions: dict[str, None] = {}
    places = calls.places(now - timedelta(days=KEEP_DAYS), now + timedelta(days=1))
    for read, call in enumerate(calls.calls(places)):
        if len(sessions) == last or read == MOST_READ:
            break
        if call.flow and call.ended_at and (call.direction == "incoming" or call.answered_at):
            sessions[call.session_id] = None
    if not sessions:
        raise DialtoneError("there is no ended call yet that a flow handled: `dialtone calls list` shows all calls")
    return list(sessions)


def _show(each: Comparison | NotPlayed, *, as_json: bool, whole: bool) -> None:
    if as_json:
        print(json.dumps(each.to_json(), ensure_ascii=True))
        return
    console = Console()
    if isinstance(each, NotPlayed):
        console.line(printable(f"{each.session_id}  {NOT_PLAYED}: {each.why}"), RED)
        return
    if each.verdict == ELSEWHERE or whole:
        console.line(printable(f"{each.session_id}  {_sentence(each)}"), BOLD)
    if whole:
        for line, colour in _side_by_side(each):
            console.line(printable(line), colour)


def _sentence(each: Comparison) -> str:
    if each.verdict != ELSEWHERE:
        return f"takes the same steps, with the same outcome: {each.now.outcome}"
    why = each.now.unknown
    if each.parts_at is None and not why:
        return f"takes the same steps, with another outcome: {each.now.outcome}, not {each.then.outcome}"
    where = f"after {each.last_common}" if each.last_common else "from the beginning"
    return f"goes elsewhere {where}" + (f": {why}" if why else "")


def _side_by_side(each: Comparison) -> Iterator[tuple[str, str]]:
    then, now = _column(each.then), _column(each.now)
    width = max(LEAST_WIDTH, *map(len, then))
    yield f"  {'then':{width}}  now", DIM
    for left, right in zip_longest(then, now, fillvalue=""):
        yield f"{' ' if left == right else '≠'} {left:{width}}  {right}".rstrip(), PLAIN if left == right else YELLOW


def _column(path: StepPath) -> list[str]:
    return [f"({path.flow or 'no flow'})", *path.steps, "? cannot be known" if path.unknown else f"= {path.outcome}"]


def _share(found: Counter[str]) -> str:
    played = found.total() - found[NOT_PLAYED]
    percent = f" ({100 * found[ELSEWHERE] / played:.0f} %)" if played else ""
    left_out = f"; {found[NOT_PLAYED]} could not be played" if found[NOT_PLAYED] else ""
    return f"{found[ELSEWHERE]} of {played} calls go elsewhere{percent}{left_out}"
