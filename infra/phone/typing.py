"""What a person typed, as what a caller does: keys pressed, words said, the receiver put down. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

KEYPAD = frozenset("0123456789*#")

SPEAK = '"'
"""Begins words that are said; the end of the line, or another one, ends them."""

ENTER = frozenset("\r\n")
BACKSPACE = frozenset("\b\x7f")
ESCAPE = "\x1b"
CTRL_U = "\x15"

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\[O])", re.DOTALL)
"""What arrow and function keys send: some hold digits, none of which was pressed."""


@dataclass(frozen=True, slots=True)
class Press:
    """Keys of the telephone, one after another."""

    digits: str

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True)
class Speak:
    """Words into the receiver."""

    words: str

    def __str__(self) -> str:
        return f"“{self.words}”"


class Order(Enum):
    """What is done with the telephone itself, by the key that does it."""

    HANG_UP = "h"
    REDIAL = "r"
    QUIT = "q"
    SWITCH = "a"
    """To the other side of the conversation and back: to the agent whom a flow rang."""
    HELP = "?"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class NoKey:
    """A key that means nothing here."""

    typed: str

    def __str__(self) -> str:
        return self.typed


Act = Press | Speak | Order | NoKey

_ORDERS = {order.value: order for order in Order} | {"\x04": Order.QUIT}
"""Ctrl-D quits, as it does in every shell."""


@dataclass(slots=True)
class KeyParser:
    """Turns typed text into acts, however it is cut into pieces. A line is one entry: its keys are pressed in a row."""

    draft: str | None = None
    """Words being typed that were not said yet."""
    _held: str = field(default="", repr=False)

    def type(self, text: str) -> list[Act]:
        """The acts that this text completes, in order."""
        acts: list[Act] = []
        digits = ""
        for character in self._without_sequences(text):
            if self.draft is None and character in KEYPAD:
                digits += character
                continue
            if digits:
                acts.append(Press(digits))
                digits = ""
            act = self._take(character)
            if act is not None:
                acts.append(act)
        return [*acts, Press(digits)] if digits else acts

    def end(self) -> list[Act]:
        """What the end of the input completes: words whose line was not ended."""
        return self._said()

    def _without_sequences(self, text: str) -> str:
        """A lone Escape stays: it is a key as well. A sequence that is not whole yet waits for its rest."""
        whole, self._held = self._held + text, ""
        shortened = _SEQUENCE.sub("", whole)
        begun = shortened.rfind(ESCAPE)
        if begun >= 0 and len(shortened) > begun + 1:
            shortened, self._held = shortened[:begun], shortened[begun:]
        return shortened

    def _take(self, character: str) -> Act | None:
        if self.draft is not None:
            return self._draft(character, self.draft)
        if character == SPEAK:
            self.draft = ""
        elif character in _ORDERS:
            return _ORDERS[character]
        elif character.isprintable() and not character.isspace():
            return NoKey(character)
        return None

    def _draft(self, character: str, draft: str) -> Act | None:
        if character in ENTER or character == SPEAK:
            return next(iter(self._said()), None)
        if character == ESCAPE:
            self.draft = None
        elif character == CTRL_U:
            self.draft = ""
        elif character in BACKSPACE:
            self.draft = draft[:-1] if draft else None
        elif character.isprintable():
            self.draft = draft + character
        return None

    def _said(self) -> list[Act]:
        words, self.draft = (self.draft or "").strip(), None
        return [Speak(words)] if words else []
