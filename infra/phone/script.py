"""A conversation file played on the telephone: who calls, what they do by themselves, who answers elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.carrier import parties
from infra.carrier.parties import Caller
from infra.flowkit.conversations.conversation import After, Hears, Presses, Says, read_conversations
from infra.flowkit.conversations.parties import called_number, callee_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from infra.flowkit.conversations.conversation import Action, Conversation, Script, Talk


@dataclass(frozen=True, slots=True)
class Played:
    """A conversation as the telephone plays it."""

    called: str
    caller: str
    person: Caller
    people: Mapping[str, Sequence[parties.Callee]]
    """By number, who is there each time that it is rung; from the last on, as that."""
    at: datetime


def read_script(file: Path, name: str, flows: Path) -> Played:
    """The conversation of that name, or the first of the file. Raises DialtoneError for what cannot be played."""
    script = _chosen(read_conversations(file), file, name)
    conversation = script.conversation
    if conversation.dials:
        raise DialtoneError(f"“{conversation.name}” is dialled, not called: play it with dialtone flow test")
    if conversation.troubles:
        raise DialtoneError(
            f"“{conversation.name}” has troubles, which a telephone cannot make: use dialtone flow test"
        )
    return Played(
        called=called_number(script, flows),
        caller=conversation.caller.number,
        person=person_of(conversation),
        people={
            number: [callee_of(who, _once_connected(who.talk)) for who in attempts]
            for number, attempts in conversation.people.items()
        },
        at=conversation.at,
    )


def person_of(conversation: Conversation) -> Caller:
    """The caller, who does what the conversation says and then stays on the line."""
    return Caller(*_steps(conversation.talk))


def _once_connected(talk: Talk) -> list[parties.Step]:
    """People speak when the two lines are connected, at the same moment as they answer, and not just before it."""
    return [parties.Silence(0.0), *_steps(talk)]


def _chosen(scripts: tuple[Script, ...], file: Path, name: str) -> Script:
    for script in scripts:
        if name in {"", script.conversation.name}:
            return script
    known = ", ".join(f"“{script.conversation.name}”" for script in scripts)
    raise DialtoneError(f"{file} has no conversation “{name}”: name one of {known}")


def _steps(talk: Talk) -> list[parties.Step]:
    return [_step(action) for action in talk]


def _step(action: Action) -> parties.Step:
    match action:
        case Hears():
            return _hear(action)
        case Presses(presses=keys):
            return parties.Press(keys)
        case Says():
            words, seconds = action.speech
            return parties.Say(seconds, words)
        case After(after=seconds):
            return parties.Silence(seconds)
        case _:
            return parties.HangUp()


def _hear(action: Hears) -> parties.Step:
    sound = action.sound
    kinds = {"beep": "beep" if sound.beep else None, "audio": sound.audio, "ringing": sound.ringing, "keys": sound.keys}
    for kind, text in kinds.items():
        if text:
            return parties.Hear(text, within=sound.within, kind=kind)
    return parties.Hear(sound.words or "", within=sound.within)
