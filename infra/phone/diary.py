"""What was done on the telephone, written down as a conversation: a call tried by hand becomes a test."""

from __future__ import annotations

import math
import os
import re
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dialtone.domain.errors import DialtoneError, FlowInvalid
from infra.carrier import trace
from infra.carrier.legs import SPEECH_CHARACTERS_PER_SECOND
from infra.carrier.storage import STORAGE_PATH
from infra.flowkit.conversations.conversation import SUFFIX, read_conversations
from infra.flowkit.conversations.parties import how_answered, transfer_result
from infra.output.files import alone, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from infra.carrier.trace import Happening, Heard, LegName

NOTICEABLE_SECONDS = 0.3
"""Shorter waits are nobody's intention."""

IN_A_ROW_SECONDS = 1.5
"""Keys pressed within that of each other are one entry."""

FEWEST_WORDS = 3
"""Of a prompt that was interrupted: with fewer of them, nobody can be said to have heard it."""

LINE_CHARACTERS = 110

Item = dict[str, Any]
"""One entry of a conversation's `talk`, as its file has it."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person did, from `at` to `ends`."""

    at: float
    ends: float
    item: Item


@dataclass(slots=True)
class Page:
    """What happened on one leg. Times are the carrier's virtual seconds."""

    leg: LegName
    rang: float = 0.0
    answered: float | None = None
    bridged: bool = False
    cause: str = ""
    hung_up_by_person: bool = False
    heard: list[Heard] = field(default_factory=list)
    silenced: dict[int, float] = field(default_factory=dict)
    """Place in `heard` → when it fell silent."""
    actions: list[Action] = field(default_factory=list)

    def write(self, happening: Happening) -> None:
        """Note what matters of it."""
        at = happening.at
        match happening:
            case trace.Rang():
                self.rang = at
            case trace.Answered():
                self.answered = at
            case trace.Bridged():
                self.bridged = True
            case trace.Heard():
                self.heard.append(happening)
            case trace.FellSilent():
                self._silence(happening)
            case trace.Pressed(digit=digit):
                self.actions.append(Action(at, at, {"presses": digit}))
            case trace.Spoke(words=words, seconds=seconds):
                self.actions.append(Action(at, at + seconds, {"says": {"words": words, "seconds": round(seconds, 1)}}))
            case trace.HungUp():
                self._end(happening)
            case _:
                pass  # the rest is between the line and the carrier

    def talk(self) -> list[Item]:
        """The conversation's `talk`: before each action what was heard, and how long the person then waited."""
        items: list[Item] = []
        shown = 0
        free = self.answered if self.answered is not None else self.rang
        for action in _merged(self.actions, [sound.at for sound in self.heard]):
            for sound in (place for place in range(shown, len(self.heard)) if self.heard[place].at <= action.at):
                free = max(free, self._tell(items, sound, action.at))
                shown = sound + 1
            if action.at - free >= NOTICEABLE_SECONDS:
                items.append({"after": round(action.at - free, 1)})
            items.append(action.item)
            free = action.ends
        for sound in range(shown, len(self.heard)):
            self._tell(items, sound, math.inf)
        return items

    def _silence(self, happening: trace.FellSilent) -> None:
        for place in reversed(range(len(self.heard))):
            if self.heard[place].what == happening.what and place not in self.silenced:
                self.silenced[place] = happening.at
                return

    def _end(self, happening: trace.HungUp) -> None:
        self.cause = happening.cause
        self.hung_up_by_person = happening.source == ("caller" if self.leg.direction == "incoming" else "callee")
        if self.hung_up_by_person and self.answered is not None:
            self.actions.append(Action(happening.at, happening.at, {"hangs_up": True}))

    def _tell(self, items: list[Item], place: int, until: float) -> float:
        """Add what was heard of a sound up to then; returns when the person had heard it."""
        sound = self.heard[place]
        until = min(until, self.silenced.get(place, math.inf))
        item, by = _heard(sound, until)
        if item and (sound.kind != "audio" or item not in items[-1:]):
            items.append(item)
        return by


@dataclass(slots=True)
class Diary:
    """One call with everybody on it: the caller's page first."""

    pages: dict[str, Page] = field(default_factory=dict)

    def write(self, happening: Happening) -> None:
        """Note what happened to whom it happened."""
        leg = happening.leg
        if leg is not None:
            self.pages.setdefault(leg.call_leg_id, Page(leg)).write(happening)

    def conversation(self, caller: LegName, *, name: str, at: datetime, outcome: str, recordings: int) -> Item:
        """The call as a conversation's file has it. `outcome` is the ledger's, `at` when it began."""
        own, others = self.pages[caller.call_leg_id], self._others(caller)
        people = {page.leg.to: _answers(page) for page in reversed(others)}  # who is rung twice is as at first
        ends: Item = {"outcome": outcome} if outcome else {}
        ends |= {"hung_up_by": "person" if own.hung_up_by_person else "line", "recordings": recordings}
        if others:
            ends["transfers"] = [{"to": page.leg.to, "result": _result(page)} for page in others]
        return {
            "name": name,
            "caller": caller.from_,
            "called": caller.to,
            "at": at.replace(microsecond=0),
            **({"people": people} if people else {}),
            "talk": own.talk(),
            "ends": ends,
        }

    def _others(self, caller: LegName) -> list[Page]:
        return [page for page in self.pages.values() if page.leg.call_leg_id != caller.call_leg_id]


def add_conversation(file: Path, flow: str, conversation: Item, option: str = "--save") -> None:
    """Write a conversation into a file of them, below those that are there. Raises DialtoneError if it cannot be.

    `option` is the one that named the file.
    """
    check_place(file, flow, option)
    with alone(file.parent):  # two calls may end at the same moment
        _add(file, flow, conversation)


def _add(file: Path, flow: str, conversation: Item) -> None:
    there = file.read_text(encoding="utf-8") if file.exists() else _head(flow)
    text = f"{there.rstrip()}\n{'' if there.rstrip().endswith(':') else chr(10)}{_entry(conversation, _indent(there))}"
    before = len(read_conversations(file)) if file.exists() else 0
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / file.name
        tried.write_text(text, encoding="utf-8")
        try:
            complete = len(read_conversations(tried)) == before + 1
        except FlowInvalid as error:
            raise DialtoneError(f"the conversation cannot be added to {file}: {error}") from error
    if not complete:
        raise DialtoneError(f"the conversation cannot be added to {file}: let `conversations` be its last key")
    try:
        write_whole(file, text)
    except OSError as error:
        why = f"{file} cannot be written ({error.strerror}); here is what would stand in it"
        raise DialtoneError(f"{why}:\n{_entry(conversation, '')}") from error


def file_of(flow: str, conversation: Item) -> str:
    """A file of one conversation."""
    return _head(flow) + _entry(conversation, "  ")


def _head(flow: str) -> str:
    return f"flow: {flow}\n\nconversations:\n"


def check_place(file: Path, flow: str, option: str = "--save") -> None:
    """Raises DialtoneError if conversations of a flow cannot stand in that file."""
    if not file.parent.is_dir():
        raise DialtoneError(f"{option} {file}: there is no folder {file.parent}")
    if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise DialtoneError(f"{option} {file}: it cannot be written; check its permissions, or name another place")
    if file.name != f"{flow}{SUFFIX}":
        raise DialtoneError(f"{option} {file}: conversations of {flow} stand in {flow}{SUFFIX}; name it {flow}{SUFFIX}")


def _entry(conversation: Item, indent: str) -> str:
    text = yaml.safe_dump([conversation], allow_unicode=True, sort_keys=False, width=LINE_CHARACTERS)
    return "".join(f"{indent}{line}" for line in text.splitlines(keepends=True))


def _indent(text: str) -> str:
    """As deep as the conversations that are there."""
    found = re.search(r"^( *)- ", text, re.MULTILINE)
    return found.group(1) if found else "  "


def _heard(sound: Heard, until: float) -> tuple[Item, float]:
    """What of a sound was heard up to then, and when it had been; nothing of one that was too short."""
    ends = sound.at + sound.seconds
    if sound.kind == "speech":
        words = sound.what if until >= ends else _words_by(sound, until)
        if until < ends and len(words.split()) < FEWEST_WORDS:
            words = ""  # nobody waits for that
        return ({"hears": words} if words else {}), min(ends, sound.at + len(words) / SPEECH_CHARACTERS_PER_SECOND)
    if sound.kind in {"audio", "ringing"}:
        # A recording's address is signed, and another one in every call.
        what = STORAGE_PATH if STORAGE_PATH in sound.what else sound.what
        return {"hears": {sound.kind: what}}, sound.at
    if until < ends:
        return {}, sound.at
    return {"hears": {"beep": "beep", "keys": {"keys": sound.what}}.get(sound.kind, sound.what)}, ends


def _words_by(sound: Heard, until: float) -> str:
    """The words that had been read out whole by then."""
    characters = int((until - sound.at) * SPEECH_CHARACTERS_PER_SECOND)
    return sound.what[: sound.what.rfind(" ", 0, characters + 1)] if characters < len(sound.what) else sound.what


def _merged(actions: Sequence[Action], heard: Sequence[float]) -> Iterator[Action]:
    """The actions, with keys pressed in a row as one, unless something else was heard between them."""
    row: list[Action] = []
    for action, following in pairwise([*actions, None]):
        if action is None:
            return
        row.append(action)
        if following is not None and _goes_on(action, following, heard):
            continue
        yield (
            row[0]
            if len(row) == 1
            else Action(row[0].at, action.at, {"presses": "".join(each.item["presses"] for each in row)})
        )
        row = []


def _goes_on(action: Action, following: Action, heard: Sequence[float]) -> bool:
    keys = "presses" in action.item and "presses" in following.item
    soon = following.at - action.at <= IN_A_ROW_SECONDS
    return keys and soon and not any(action.at < at <= following.at for at in heard)


def _answers(page: Page) -> Item | str:
    """The person who was rung, as `people` describes them."""
    if page.answered is None:
        return how_answered(page.cause)
    who: Item = {"answers": "person", "after": round(page.answered - page.rang, 1)}
    talk = page.talk()
    return who | ({"talk": talk} if any("hears" not in item for item in talk) else {})


def _result(page: Page) -> str:
    return "connected" if page.bridged else transfer_result(page.cause)
