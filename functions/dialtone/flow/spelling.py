"""Names as callers spell them with the keys of a phone: 2 for A, B and C. Pure."""

from __future__ import annotations

import re
import unicodedata

KEYPAD = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
"""Letters that stand for Latin ones and that Unicode does not decompose."""

_WORDS = re.compile(r"[\s-]+")


def spellings(name: str) -> tuple[str, ...]:
    """The keys that spell a name from each of its words on, without accents: Ada Byron is 23229766 and 29766."""
    words = [_keys(word) for word in _WORDS.split(name.strip())]
    whole = ("".join(words[place:]) for place in range(len(words)))
    return tuple(dict.fromkeys(filter(None, whole)))


def _keys(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.lower().translate(_LETTERS))
    return re.sub(r"[^0-9]", "", plain.translate(KEYPAD))
