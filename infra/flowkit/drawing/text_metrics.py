"""How wide words are, and where they break: measured with a table, so that a picture is the same on every machine."""

import re
import unicodedata
from dataclasses import dataclass

FONT_FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"
"""Faces of the same widths; any other is squeezed or stretched to them (`textLength`)."""

_REGULAR = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 "
    "278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 "
    "611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 "
    "556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 "
    "333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 "
    "611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 "
    "611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_BEYOND_ASCII = {"·": 278, "…": 1000, "“": 500, "”": 500, "‘": 278, "’": 278, "–": 556, "—": 1000, "♪": 500}  # noqa: RUF001 -- as printed
_OTHER = 667
_WIDE = 1000
"""East Asian characters, and pictures."""

_EM = 1000


def _table(widths: str) -> dict[str, int]:
    return {chr(32 + place): int(width) for place, width in enumerate(widths.split())} | _BEYOND_ASCII


_WIDTHS = {False: _table(_REGULAR), True: _table(_BOLD)}
"""Thousandths of the size: Helvetica's own widths, from space to tilde."""


_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that are not readable, or that XML cannot hold; line ends and tabs are left."""


def readable(text: str) -> str:
    """The text with a sign in place of each character that a picture cannot hold."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


@dataclass(frozen=True, slots=True)
class TextMetrics:
    """A size, in pixels, and a weight."""

    size: float
    bold: bool = False

    def width(self, text: str) -> float:
        """Of the text in one line, in pixels."""
        return sum(self._advance(character) for character in text) * self.size / _EM

    def _advance(self, character: str) -> int:
        table = _WIDTHS[self.bold]
        if character in table:
            return table[character]
        if unicodedata.combining(character):
            return 0
        if unicodedata.east_asian_width(character) in {"W", "F"}:
            return _WIDE
        return table.get(unicodedata.normalize("NFD", character)[0], _OTHER)

    def cut(self, text: str, width: float) -> str:
        """The text, or as much of it as fits, with an ellipsis."""
        if self.width(text) <= width:
            return text
        while text and self.width(f"{text}…") > width:
            text = text[:-1]
        return f"{text.rstrip()}…"

    def lines(self, text: str, width: float, most: int) -> tuple[str, ...]:
        """The text in lines of at most this width; excess text becomes an ellipsis."""
        lines: list[str] = []
        words = text.split()
        while words:
            if len(lines) == most - 1:
                return (*lines, self.cut(" ".join(words), width))
            line = words.pop(0)
            while words and self.width(f"{line} {words[0]}") <= width:
                line = f"{line} {words.pop(0)}"
            lines.append(self.cut(line.removesuffix(" ·"), width))
        return tuple(lines)
