"""Which of a leg's recordings a webhook is about, and how certain that is. Pure.

`call.recording.saved` promises no id that we know before (Telnyx's API description), and a phone number or a profile
can record calls that no command of ours asked for. So every recording is asked for under a file name of its own, and
the name of the file in its addresses says which command it answers. That is decisive where it can be read, and never
required:

| the file's name | and | the recording is |
|---|---|---|
| is one that we asked for | | that one: certain |
| is the default, `<leg>-<timestamp>` | nothing was asked for before it began, or only with the answer | not ours |
| is the default, `<leg>-<timestamp>` | it began after one that `record_start` asked for | doubtful |
| says nothing | it began after one of its form was asked for, and before the next was | that one: likely |
| says nothing | that is so of several, or it has another form than was asked for | doubtful |
| says nothing | it began shortly before one was asked for, or long after | doubtful |
| says nothing | none of this | not ours |

A doubtful one is filed under a name of its own, and what was asked for stays expected: nothing has a name that may be
wrong.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.recordings import CERTAIN, EXPECTED, FROM_ANSWER, LIKELY, UNCERTAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dialtone.domain.recordings import Recording

MAX_FILE_NAME_CHARACTERS = 40
"""The limit of `custom_file_name` and `record_custom_file_name` (Telnyx's API description)."""

CLOCK_SKEW_SECONDS = 1
"""How much earlier than our request one of our recordings may begin: both times are from Telnyx's clocks."""

DOUBTFUL_SKEW_SECONDS = 5
"""A recording that began that much earlier than our request is doubtful; even earlier, it cannot be ours."""

MAX_START_SECONDS = 120
"""How long after our request a recording may begin: webhooks are retried for 60 s, and the caller's phone is answered
within a few. A recording that begins later is doubtful."""

_TAG_CHARACTERS = 8
"""Hexadecimal digits of a hash: two recordings of a leg have the same once in billions."""

_SUFFIX = r"[-_.]\d{9,}"
"""Telnyx's suffix: `-` and a Unix timestamp, in seconds or finer."""


class SavedFile(NamedTuple):
    """The details in `call.recording.saved` that help to identify the recording."""

    started_at: str = ""
    """'' if the event does not say."""
    channels: str = ""
    formats: frozenset[str] = frozenset()
    """The formats in which it is available."""
    names: tuple[str, ...] = ()
    """The names of its files, without extensions."""


class Match(NamedTuple):
    """The expected recording that a saved one is, and how certain that is."""

    recording: Recording | None
    """None if it is not ours, or doubtful."""
    identity: str
    reason: str
    may_be: Recording | None = None
    """For a doubtful one: the expected recording that it most probably is."""


def file_name(call_leg_id: str, number: int, wanted: str = "") -> str:
    """The file name to request for a leg's recording: its ledger entry's name, if Telnyx accepts it.

    A custom name is used as a prefix, and followed by what makes it unique.
    """
    if wanted:
        return f"{wanted[: MAX_FILE_NAME_CHARACTERS - len(_tag(call_leg_id, number))]}{_tag(call_leg_id, number)}"
    name = f"{call_leg_id}-{number:02d}"
    if len(name) <= MAX_FILE_NAME_CHARACTERS and re.fullmatch(r"[\w-]+", name, re.ASCII):
        return name
    return f"{hashlib.sha256(call_leg_id.encode()).hexdigest()[:32]}-{number:02d}"


def _tag(call_leg_id: str, number: int) -> str:
    return f"-{hashlib.sha256(f'{call_leg_id}-{number:02d}'.encode()).hexdigest()[:_TAG_CHARACTERS]}"


def names_in(addresses: Iterable[str]) -> tuple[str, ...]:
    """The names of the files at these URLs, without their extensions."""
    files = (address.partition("?")[0].rpartition("/")[2] for address in addresses)
    return tuple(dict.fromkeys(name.rpartition(".")[0] or name for name in files if name))


def is_named(name: str, found: Iterable[str]) -> bool:
    """Whether one of these files was requested under that name."""
    pattern = re.compile(f"{re.escape(name)}({_SUFFIX})?")
    return bool(name) and any(pattern.fullmatch(each) for each in found)


def number_named(call_leg_id: str, asked: int, found: Sequence[str]) -> int:
    """The number of the leg's recording that was requested under one of these file names; 0 if none was."""
    numbers = range(1, asked + 1) if found else ()
    return next((number for number in numbers if _is_number(call_leg_id, number, found)), 0)


def _is_number(call_leg_id: str, number: int, found: Sequence[str]) -> bool:
    wanted = re.compile(f".+{_tag(call_leg_id, number)}({_SUFFIX})?")
    return is_named(file_name(call_leg_id, number), found) or any(map(wanted.fullmatch, found))


def identify(asked: Sequence[Recording], call_leg_id: str, saved: SavedFile) -> Match:
    """Which of the recordings requested on the leg a saved recording is."""
    for each in asked:
        if is_named(each.file_name, saved.names):
            return Match(each, CERTAIN, "its file has the name that it was asked for under")
    expected = [each for each in asked if each.status == EXPECTED]
    begun = [each for each in expected if -CLOCK_SKEW_SECONDS <= _seconds_after(each, saved) <= MAX_START_SECONDS]
    default = [name for name in saved.names if re.fullmatch(re.escape(call_leg_id) + _SUFFIX, name)]
    if begun:
        return _of_those_begun(begun, saved, renamed=bool(default) and all(each.file_name for each in begun))
    if default and all(each.file_name for each in asked):
        return Match(None, CERTAIN, "no command of ours asked for it: its file has Telnyx's own name")
    if any(_seconds_after(each, saved) >= -DOUBTFUL_SKEW_SECONDS for each in asked):
        return Match(
            None, UNCERTAIN, "it began shortly before one was asked for, or long after, or after one that failed"
        )
    return Match(None, LIKELY if expected else CERTAIN, "no command of ours asked for it before it began")


def _of_those_begun(begun: Sequence[Recording], saved: SavedFile, *, renamed: bool) -> Match:
    alike = [each for each in begun if _alike(each, saved)]
    nearest = _last_asked(alike or begun, saved)
    may_be = nearest[-1]
    if renamed and may_be.source == FROM_ANSWER:
        return Match(None, LIKELY, "its file has Telnyx's own name, not the one that ours was asked for under")
    if renamed:
        return Match(None, UNCERTAIN, f"it may be {may_be.name}, but its file has another name", may_be)
    if not alike:
        return Match(None, UNCERTAIN, f"it may be {may_be.name}, but has other channels or another format", may_be)
    if len(nearest) > 1:
        names = " or ".join(each.name for each in nearest)
        return Match(None, UNCERTAIN, f"it may be {names}: when it began does not tell them apart", may_be)
    return Match(may_be, LIKELY, "it began after it was asked for, and before the next was")


def _last_asked(recordings: Sequence[Recording], saved: SavedFile) -> list[Recording]:
    """Those requested last before it began, since a leg's commands are obeyed in order."""
    if not saved.started_at:
        return list(recordings)
    before = [each for each in recordings if each.requested_at <= saved.started_at] or recordings
    last = max(each.requested_at for each in before)
    return [each for each in before if each.requested_at == last]


def _alike(recording: Recording, saved: SavedFile) -> bool:
    same_channels = not recording.channels or not saved.channels or recording.channels == saved.channels
    return same_channels and (not recording.format or not saved.formats or recording.format in saved.formats)


def _seconds_after(recording: Recording, saved: SavedFile) -> float:
    if not saved.started_at:
        return 0
    apart = datetime.fromisoformat(saved.started_at) - datetime.fromisoformat(recording.requested_at)
    return apart.total_seconds()
