"""Menus that ask callers to say words that they do not listen for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dialtone.flow.steps.menu import Menu
from infra.flowkit.linting.rule import WARNING, Found, rule
from infra.flowkit.linting.rules.unspoken_key import keys_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile

_SAY_OR = re.compile(
    r"\b(?:say|diga|sagen sie|dites)\s+[“\"'«]?\s*"
    r"(?!(?:what|your|it|lo|su|was|ihren?|es|ce|votre)\b)(?P<words>[^\W\d_][\w' -]{0,40}?)\s*[”\"'»]?,?"
    r"\s+(?:or|o|oder|ou)\s+(?P<press>[^,.;!?]*)",
    re.IGNORECASE,
)
"""“say sales or press 1”, in English, Spanish, German and French; not “say what you want or press 1”."""


@rule("unheard-word", WARNING)
def unheard_word(file: FlowFile) -> Iterator[Found]:
    """Words that a menu asks callers to say in place of a key, and that it does not listen for."""
    for name, step in file.steps.items():
        if not isinstance(step, Menu):
            continue
        for piece in file.pieces:
            if piece.prompt[:2] != ("steps", name) or not piece.speaks:
                continue
            for asked in _SAY_OR.finditer(piece.value):
                for key in keys_asked(asked["press"]):
                    known = step.say_or_press.get(key, ())
                    if key in step.keys and not any(each.casefold() in asked["words"].casefold() for each in known):
                        reason = f"asks callers to say “{asked['words']}” for the key {key}, and does not listen for it"
                        yield Found(piece.path, reason, f"add it to say_or_press, under {key}")
