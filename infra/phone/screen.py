"""What the telephone shows: word by word with a status line on a terminal, whole lines anywhere else."""

from __future__ import annotations

import shutil
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TextIO

from infra.carrier.parties import BETWEEN_KEYS_SECONDS
from infra.output.terminal import can_draw, has_colours
from infra.phone.hearing import PRESS, CutShort, Lamp, LogLine, Tone

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from infra.phone.hearing import Notice

LABEL_CELLS = 10
MARGIN_CELLS = 23
"""Time and label: where a line's text begins, and goes on if it is long."""
NARROWEST_TEXT_CELLS = 20
"""Where there is less room than that beside the margin, lines use the whole width."""

CLEAR_BELOW = "\x1b[J"
"""From the cursor to the end of the screen."""

_COLOURS: Mapping[Tone, str] = {
    Tone.PLAIN: "",
    Tone.QUIET: "2",
    Tone.SPEECH: "36",
    Tone.OURS: "33",
    Tone.CALL: "34",
    Tone.RECORDER: "31",
    Tone.FAULT: "1;31",
}
_LAMPS: Mapping[Lamp, str] = {Lamp.OFF: "", Lamp.RECORDING: "● rec", Lamp.PAUSED: "‖ rec paused"}


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line says. `seconds` is None before there is a call, `draft` None while no words are typed."""

    state: str
    seconds: float | None = None
    lamp: Lamp = Lamp.OFF
    step: str = ""
    hint: str = ""
    draft: str | None = None


class Screen(Protocol):
    """Where a call is shown. `now` is the call's time."""

    def show(self, notice: Notice) -> None:
        """Tell of something that happened."""

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Tell something that is of no call."""

    def refresh(self, now: float, status: Status) -> None:
        """Go on with what is being said, and with the status line."""

    def redraw(self) -> None:
        """Draw anew what can change: the terminal has changed."""

    def close(self) -> None:
        """Leave nothing half-drawn."""


def screen_on(out: TextIO, environ: Mapping[str, str]) -> Screen:
    """The screen that suits where the output goes: lines in a pipe and on a terminal that can only print."""
    if can_draw(out, environ):
        return Terminal(out, colour=has_colours(out, environ))
    return Lines(out)


@dataclass(slots=True)
class Lines:
    """One line for everything, when it begins: what is read by programs, and by terminals without a cursor."""

    out: TextIO
    _pressed: LogLine | None = None
    """Keys that others may follow."""

    def show(self, notice: Notice) -> None:
        """Print it at once; keys when no more of them follow."""
        if isinstance(notice, CutShort):
            notice = LogLine(notice.at, "silence", "(cut short)", Tone.QUIET)
        if notice.label != PRESS:
            self._print(notice)
        elif self._pressed is None:
            self._pressed = notice
        else:
            self._pressed = replace(self._pressed, text=self._pressed.text + notice.text)

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Print it at once."""
        del tone
        self._settle()
        print(text, file=self.out, flush=True)

    def refresh(self, now: float, status: Status) -> None:
        """Print keys that nothing followed. What is said stands there already."""
        del status
        if self._pressed is not None and now >= self._pressed.at + BETWEEN_KEYS_SECONDS * (len(self._pressed.text) + 1):
            self._settle()

    def redraw(self) -> None:
        """Nothing here changes."""

    def close(self) -> None:
        """Print what was held back."""
        self._settle()

    def _print(self, entry: LogLine) -> None:
        self._settle()
        print(f"{_margin(entry)}{_text(entry)}".rstrip(), file=self.out, flush=True)

    def _settle(self) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None:
            self._print(pressed)


@dataclass(slots=True)
class Terminal:
    """Lines that stay, and below them what is being said and the status line, which are drawn again and again.

    Nothing but the lowest rows is ever drawn anew, so what was said can be scrolled back to and copied.
    """

    out: TextIO
    colour: bool = True
    size: Callable[[], os.terminal_size] = field(default=shutil.get_terminal_size)
    _going_on: LogLine | None = None
    """Words being said, or keys being pressed."""
    _status: Status | None = None
    _now: float = 0.0
    _drawn: tuple[str, ...] = ()
    """The rows below what stays, without colour."""

    def show(self, notice: Notice) -> None:
        """Let words appear at the pace at which they are said, and anything else at once."""
        if isinstance(notice, CutShort):
            self._cut(notice.at)
        elif notice.tone is Tone.SPEECH and notice.seconds:
            self._settle()
            self._going_on, self._now = notice, notice.at
        elif self._going_on is not None and self._going_on.label == notice.label == PRESS:
            self._going_on = replace(self._going_on, text=self._going_on.text + notice.text)
        else:
            self._put_between(notice)
        self._draw()

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Tell it above what is being said."""
        self._erase()
        for line in text.splitlines():
            rows = [line] if cells(line) <= self._columns() else wrapped(line, self._columns())
            self._write("".join(self._ink(row, tone) + "\n" for row in rows))
        self._draw()

    def refresh(self, now: float, status: Status) -> None:
        """Draw what has changed."""
        self._now, self._status = now, status
        if self._going_on is not None and self._going_on.seconds and now >= _end(self._going_on):
            self._settle()
        if [plain for plain, _ in self._rows()] != list(self._drawn):
            self._draw()

    def redraw(self) -> None:
        """Draw it for another width."""
        self._draw()

    def close(self) -> None:
        """Keep what was being said, and take the status line away. A terminal that is gone needs neither."""
        self._status = None
        with suppress(OSError):
            self._cut(self._now)
            self._erase()
            self.out.flush()

    def _put_between(self, notice: LogLine) -> None:
        """Something happens; if words are being said, they go on below it."""
        saying = self._going_on
        if saying is not None and saying.seconds and notice.at < _end(saying):
            said = spoken(saying, notice.at)
            rest = saying.text[len(said) :].strip()
            if said:
                self._keep(replace(saying, text=f"{said} …" if rest else said))
            self._keep(notice)
            self._going_on = (
                replace(saying, at=notice.at, text=rest, seconds=_end(saying) - notice.at) if rest else None
            )
        else:
            self._settle()
            self._going_on = notice if notice.label == PRESS else None
            if self._going_on is None:
                self._keep(notice)

    def _settle(self) -> None:
        """What went on is complete."""
        whole, self._going_on = self._going_on, None
        if whole is not None:
            self._keep(whole)

    def _cut(self, at: float) -> None:
        """What is being said stops, as far as it came."""
        saying = self._going_on
        if saying is None or not saying.seconds or at >= _end(saying):
            self._settle()
            return
        self._going_on = None
        if said := spoken(saying, at):
            self._keep(replace(saying, text=f"{said} —"))

    def _keep(self, entry: LogLine) -> None:
        self._erase()
        for row in self._lines(entry, _text(entry)):
            self._write(self._ink(row, entry.tone) + "\n")

    def _draw(self) -> None:
        self._erase()
        rows = self._rows()
        self._write("\n".join(coloured for _, coloured in rows))
        self._drawn = tuple(plain for plain, _ in rows)
        self.out.flush()

    def _erase(self) -> None:
        """Back to the first of the rows drawn last, as wide as the terminal is by now."""
        if not self._drawn:
            return
        columns = max(1, self.size().columns)
        below = sum(max(1, -(-cells(row) // columns)) for row in self._drawn) - 1
        self._write("\r" + (f"\x1b[{below}A" if below else "") + CLEAR_BELOW)
        self._drawn = ()

    def _rows(self) -> list[tuple[str, str]]:
        """What is being said and the status line: each row without and with colour."""
        rows: list[tuple[str, str]] = []
        entry = self._going_on
        if entry is not None:
            text = f"“{spoken(entry, self._now)}" if entry.seconds else entry.text
            rows += [(row, self._ink(row, entry.tone)) for row in self._lines(entry, text)]
        if self._status is not None:
            row = clipped(status_line(self._status), self._columns())
            rows.append((row, self._ink_status(row, self._status)))
        return rows[-max(1, self.size().lines - 1) :]  # what has scrolled away could not be drawn anew

    def _lines(self, entry: LogLine, text: str) -> list[str]:
        width = self._columns() - MARGIN_CELLS
        if width < NARROWEST_TEXT_CELLS:
            return wrapped(_margin(entry) + text, self._columns())
        first, *rest = wrapped(text, width) or [""]
        return [f"{_margin(entry)}{first}".rstrip(), *(" " * MARGIN_CELLS + row for row in rest)]

    def _columns(self) -> int:
        """One less than there are: a row that fills the last one leaves the cursor where terminals differ."""
        return max(1, self.size().columns - 1)

    def _ink(self, text: str, tone: Tone) -> str:
        return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m" if self.colour and _COLOURS[tone] else text

    def _ink_status(self, row: str, status: Status) -> str:
        if not self.colour:
            return row
        lamp = _LAMPS[status.lamp]
        glowing = f"\x1b[0m{self._ink(lamp, Tone.RECORDER)}\x1b[2m" if lamp else ""
        return f"\x1b[2m{row.replace(lamp, glowing, 1) if lamp else row}\x1b[0m"

    def _write(self, text: str) -> None:
        self.out.write(text)


def _end(entry: LogLine) -> float:
    return entry.at + entry.seconds


def spoken(entry: LogLine, now: float) -> str:
    """As many whole words as a voice has begun to say by now."""
    if now >= _end(entry):
        return entry.text
    characters = int(len(entry.text) * max(0.0, now - entry.at) / entry.seconds)
    end = entry.text.find(" ", characters)
    return entry.text if end < 0 else entry.text[:end]


def status_line(status: Status) -> str:
    """Lamp, time, where in the flow, which keys."""
    if status.draft is not None:
        return f"  say: {status.draft}"
    minutes, seconds = divmod(int(status.seconds or 0), 60)
    clock = "" if status.seconds is None else f"{minutes}:{seconds:02d}"
    parts = (_LAMPS[status.lamp], status.state, clock, status.step, status.hint)
    return "  " + "  ".join(part for part in parts if part)


def cells(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_cells_of(character) for character in text)


def clipped(text: str, width: int) -> str:
    """The text, or as much of it as fits."""
    if cells(text) <= width:
        return text
    kept = ""
    for character in text:
        if cells(kept) + _cells_of(character) > width - 1:
            break
        kept += character
    return f"{kept}…"


def wrapped(text: str, width: int) -> list[str]:
    """The text in rows of at most so many columns, broken between words where there are any."""
    rows: list[str] = []
    row = ""
    for word in text.split():
        for piece in _pieces(word, width):
            if row and cells(row) + 1 + cells(piece) > width:
                rows.append(row)
                row = piece
            else:
                row = f"{row} {piece}" if row else piece
    return [*rows, row] if row else rows


def _pieces(word: str, width: int) -> Sequence[str]:
    """A word that is wider than a row, in pieces that are not."""
    pieces = [""]
    for character in word:
        if cells(pieces[-1]) + _cells_of(character) > width and pieces[-1]:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _margin(entry: LogLine) -> str:
    return f"{entry.at:8.1f} s  {entry.label:<{LABEL_CELLS}} "


def _text(entry: LogLine) -> str:
    return f"“{entry.text}”" if entry.seconds else entry.text
