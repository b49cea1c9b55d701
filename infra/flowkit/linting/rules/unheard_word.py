"""Questions that ask callers to say what they do not listen for."""

import re
from collections.abc import Iterable, Iterator

from dialtone.flow.steps.collect import Collect
from dialtone.flow.steps.menu import Menu
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.prompts import PromptPiece
from infra.flowkit.linting.rule import WARNING, Found, rule
from infra.flowkit.linting.rules.unspoken_key import keys_asked

_SAY_OR = re.compile(
    r"\b(?:say|diga|sagen sie|dites)\s+[“\"'«]?\s*"
    r"(?!(?:what|your|it|lo|su|was|ihren?|es|ce|votre)\b)(?P<words>[^\W\d_][\w' -]{0,40}?)\s*[”\"'»]?,?"
    r"\s+(?:or|o|oder|ou)\s+(?P<press>[^,.;!?]*)",
    re.IGNORECASE,
)
"""“say sales or press 1”, in English, Spanish, German and French; not “say what you want or press 1”."""

_SAY_DIGITS = re.compile(
    r"\b(?:say|diga|sagen sie|dites) (?:or|o|oder|ou) \w+"
    r"|\b(?:key|keying|enter|type|dial|press|marque|pulse|tippen|tapez)\b[^,.;!?]{0,40} (?:or|o|oder|ou) "
    r"(?:say|diga|sagen sie|dites)\b",
    re.IGNORECASE,
)
"""“say or key in your number”, “key in or say your number”."""


@rule("unheard-word", WARNING)
def unheard_word(file: FlowFile) -> Iterator[Found]:
    """Words that a question asks callers to say, but does not listen for."""
    for name, step in file.steps.items():
        pieces = [piece for piece in file.pieces if piece.prompt[:2] == ("steps", name) and piece.speaks]
        if isinstance(step, Collect) and step.say_or_press is None:
            for piece in pieces:
                if _SAY_DIGITS.search(piece.value):
                    reason = "asks callers to say digits, and does not listen for them"
                    yield Found(piece.path, reason, "write say_or_press: true")
        if isinstance(step, Menu):
            yield from _of_menu(step, pieces)


def _of_menu(step: Menu, pieces: Iterable[PromptPiece]) -> Iterator[Found]:
    for piece in pieces:
        for asked in _SAY_OR.finditer(piece.value):
            for key in keys_asked(asked["press"]):
                known = step.say_or_press.get(key, ())
                if key in step.keys and not any(each.casefold() in asked["words"].casefold() for each in known):
                    reason = f"asks callers to say “{asked['words']}” for the key {key}, and does not listen for it"
                    yield Found(piece.path, reason, f"add it to say_or_press, under {key}")
