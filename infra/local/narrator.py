"""Prints a call as it happens: what is heard and pressed, which webhook came, which command went, what was stored."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from infra.carrier import trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dialtone.adapters.calls_table import CallsTable
    from infra.carrier.trace import Happening

PLAIN, DIM, BOLD, RED, GREEN, YELLOW, BLUE, CYAN = "0", "2", "1", "31", "32", "33", "34", "36"

LABEL_CHARACTERS = 9
TEXT_CHARACTERS = 110
"""Longer texts are cut, so that a line stays a line."""


@dataclass(slots=True)
class Console:
    """Where lines go: in colour on a terminal, plain in a pipe."""

    out: TextIO = field(default_factory=lambda: sys.stdout)

    def line(self, text: str = "", colour: str = PLAIN) -> None:
        """Print one line at once."""
        coloured = f"\x1b[{colour}m{text}\x1b[0m" if self.out.isatty() and colour != PLAIN else text
        print(coloured, file=self.out, flush=True)


class Narrator:
    """Tells of one call after another."""

    def __init__(self, console: Console, store: CallsTable) -> None:
        self._console = console
        self._store = store
        self._began = 0.0

    def begin(self, title: str, at: float) -> None:
        """A new call; times count from here."""
        self._began = at
        self._console.line()
        self._console.line(title, BOLD)

    def tell(self, happening: Happening) -> None:
        """One line for what happened, if a person wants to know of it."""
        if tell := _TELLERS.get(type(happening)):
            label, text, colour = tell(happening)
            if isinstance(happening, trace.WebhookAnswered) and happening.leg:
                text += self._stored(happening.leg.call_session_id, happening.event_id)
            self.say(happening.at, label, text, colour)

    def say(self, at: float, label: str, text: str, colour: str = PLAIN) -> None:
        """A line with the call's time in front."""
        short = text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 1]}…"
        self._console.line(f"{at - self._began:7.1f} s  {label:<{LABEL_CHARACTERS}} {short}", colour)

    def _stored(self, session: str, event_id: str) -> str:
        """What the table holds of an event once it is answered."""
        for entry in self._store.timeline(session):
            if entry.event_id == event_id:
                where = f"at {entry.step}, turn {entry.turn}" if entry.step else "before the first step"
                return f", stored {where}" + (f": {entry.reason}" if entry.reason else "")
        return ", nothing stored"


Told = tuple[str, str, str]
"""Label, text and colour of a line."""

_SOUNDS = {
    "audio": "♪ {}",
    "beep": "(tone)",
    "ringing": "(ringing at {})",
    "speech": "“{}”",
    "voice": "“{}”",
}


def _who(happening: Happening) -> str:
    return happening.leg.party if happening.leg else ""


def _heard(happening: trace.Heard) -> Told:
    words = _SOUNDS[happening.kind].format(happening.what)
    return "hears", f"{_who(happening)}  {words}", CYAN


def _commanded(happening: trace.Commanded) -> Told:
    shown = {name: value for name, value in happening.parameters.items() if name in _SHOWN_PARAMETERS}
    parameters = " ".join(f"{name}={_short(value)}" for name, value in shown.items())
    if happening.result == "accepted":
        return "command", f"→ {happening.action} {parameters}", YELLOW
    return "command", f"→ {happening.action} {happening.result}: {happening.code} {happening.detail}", RED


def _answered(happening: trace.WebhookAnswered) -> Told:
    status = happening.status or happening.failure
    return "webhook", f"← {happening.event_type} answered {status}", GREEN if happening.status == 200 else RED  # noqa: PLR2004 -- HTTP's OK


def _short(value: object) -> str:
    text = str(value)
    limit = 40
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_SHOWN_PARAMETERS = frozenset(
    {
        "audio_url",
        "cause",
        "channels",
        "format",
        "loop",
        "max_length",
        "maximum_digits",
        "media_name",
        "payload",
        "play_beep",
        "record",
        "record_channels",
        "timeout_secs",
        "to",
        "transcription",
    }
)

_TELLERS: Mapping[type[Happening], Callable[..., Told]] = {
    trace.Rang: lambda each: ("rings", f"{each.leg.from_} calls {each.leg.to}", BLUE),
    trace.Answered: lambda each: ("answered", _who(each), BLUE),
    trace.Bridged: lambda each: ("bridged", f"{_who(each)} and {each.with_leg.party}", BLUE),
    trace.HungUp: lambda each: ("hung up", f"{_who(each)}  {each.cause}, by the {each.source}", BLUE),
    trace.Heard: _heard,
    trace.FellSilent: lambda each: ("silence", f"{each.what} {each.status}", DIM),
    trace.Pressed: lambda each: ("presses", f"{_who(each)}  {each.digit}", CYAN),
    trace.Spoke: lambda each: ("says", f"{_who(each)}  “{each.words}”", CYAN),
    trace.WebhookAnswered: _answered,
    trace.WebhookGivenUp: lambda each: ("webhook", f"{each.event_type} given up: {each.reason}", RED),
    trace.Commanded: _commanded,
    trace.RecordingChanged: lambda each: ("recorder", f"{each.change} at {each.seconds:.1f} s", BLUE),
}
