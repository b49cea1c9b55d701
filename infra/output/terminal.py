"""Lines on the terminal: in colour where it has colours and nobody has asked for none."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

PLAIN, DIM, BOLD, RED, GREEN, YELLOW, BLUE, CYAN = "0", "2", "1", "31", "32", "33", "34", "36"


def can_draw(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether it is a terminal that does more than print one line after another."""
    return out.isatty() and environ.get("TERM", "dumb") != "dumb"


def has_colours(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours may be used: on a terminal that has them, unless NO_COLOR is set (https://no-color.org)."""
    return can_draw(out, environ) and not environ.get("NO_COLOR")


def painted(text: str, colour: str, out: TextIO | None = None) -> str:
    """The text in a colour, if where it goes (standard output, unless said otherwise) may have one."""
    if colour == PLAIN or not text or not has_colours(out or sys.stdout, os.environ):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


@dataclass(slots=True)
class Console:
    """Where lines go: in colour on a terminal, plain in a pipe."""

    out: TextIO = field(default_factory=lambda: sys.stdout)

    def line(self, text: str = "", colour: str = PLAIN) -> None:
        """Print one line at once."""
        print(painted(text, colour, self.out), file=self.out, flush=True)


def printable(text: object) -> str:
    """Text from outside for a terminal: no character of it can move the cursor or change colours."""
    return "".join(each if each.isprintable() else " " if each.isspace() else "�" for each in str(text))
