"""A conversation that failed, for a person: what was expected on the left, what happened on the right."""

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from infra.flowkit.conversations.scenario_run import ScenarioResult
from infra.flowkit.conversations.transcript import Entry

TIME_CHARACTERS, STEP_CHARACTERS, TEXT_CHARACTERS = 8, 14, 34
"""With the mark and the gaps between them these make 98: two terminals fit beside each other on a wide screen."""

MISSED, AS_EXPECTED = "✗", " "
NEVER = "(never)"


def side_by_side(result: ScenarioResult) -> str:
    """The whole account, at most 100 characters wide."""
    return "\n".join(_lines(result))


def _lines(result: ScenarioResult) -> Iterator[str]:
    script = result.script
    yield f"{script.title}  ({script.file.name}:{script.line})"
    if result.fault:
        yield from textwrap.wrap(result.fault, 96, initial_indent=f"{MISSED} ", subsequent_indent="  ")
    yield _row(AS_EXPECTED, "time", "step", "the conversation", "what happened")
    for entry in result.entries:
        yield from _entry_lines(entry)
    for why in result.last_resorts:
        words = f"the last resort was taken from the step {why}"
        yield from textwrap.wrap(words, 96, initial_indent="  ", subsequent_indent="  ")
    if result.differences:
        yield _row(AS_EXPECTED, "", "", "at the end", "")
    for difference in result.differences:
        yield from _wrapped(MISSED, "", "", f"{difference.what}: {difference.expected}", difference.found)


def _entry_lines(entry: Entry) -> Iterator[str]:
    who = f"{entry.who} " if entry.who else ""
    time = "" if entry.at is None else f"{entry.at:.1f} s"
    expected = "\n".join(f"{who}{each}" for each in entry.expected)
    happened = f"{who}{entry.happened}" if entry.happened else NEVER
    yield from _wrapped(MISSED if entry.missed else AS_EXPECTED, time, entry.step, expected, happened)


def _wrapped(mark: str, time: str, step: str, left: str, right: str) -> Iterator[str]:
    rows = zip_longest(_columns(left), _columns(right), fillvalue="")
    for place, (left_line, right_line) in enumerate(rows):
        named = (mark, time, step) if place == 0 else (AS_EXPECTED, "", "")
        yield _row(*named, left_line, right_line)


def _columns(text: str) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, TEXT_CHARACTERS) or [""]]


def _row(mark: str, time: str, step: str, left: str, right: str) -> str:
    short = step if len(step) <= STEP_CHARACTERS else f"{step[: STEP_CHARACTERS - 1]}…"
    row = f"{mark} {time:>{TIME_CHARACTERS}}  {short:<{STEP_CHARACTERS}}  {left:<{TEXT_CHARACTERS}}  {right}"
    return row.rstrip()
