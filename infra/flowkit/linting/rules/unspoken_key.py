"""Menus whose words and keys do not agree."""

import re
from collections.abc import Iterable, Iterator

from dialtone.flow.steps.menu import Menu
from dialtone.flow.steps.say import Say
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.prompts import PromptPiece
from infra.flowkit.linting.rule import WARNING, Found, rule

_WORDS = {
    "0": "zero|cero|null|zéro",
    "1": "one|uno|eins|un",
    "2": "two|dos|zwei|deux",
    "3": "three|tres|drei|trois",
    "4": "four|cuatro|vier|quatre",
    "5": "five|cinco|fünf|cinq",
    "6": "six|seis|sechs",
    "7": "seven|siete|sieben|sept",
    "8": "eight|ocho|acht|huit",
    "9": "nine|nueve|neun|neuf",
    "*": r"star|asterisk|asterisco|estrella|stern|sterntaste|étoile",
    "#": r"hash|pound|numeral|almohadilla|raute|rautetaste|dièse",
}
"""What people call the keys, in English, Spanish, German and French."""

_ASKS = r"(?:press|push|hit|dial|oprima|presione|pulse|marque|drücken sie|wählen sie|appuyez sur|tapez|faites le)"
_ARTICLE = r"(?: (?:the|key|number|el|la|tecla|número|die|taste|le|touche))*"


def _called(key: str) -> str:
    sign = re.escape(key)
    alone = rf"(?<!\d){sign}(?! ?\d)" if key.isdigit() else sign
    return rf"(?:{alone}|\b(?:{_WORDS[key]})\b)"


_NAMED = {key: re.compile(_called(key), re.IGNORECASE) for key in _WORDS}
_ANY = "|".join(map(_called, _WORDS))
_OR = r"(?: (?:or|and|o|y|oder|und|ou|et) |, ?(?=[0-9*#]))"
_LISTED = re.compile(rf"\b{_ASKS}{_ARTICLE} (?P<keys>(?:{_ANY})(?:{_OR}(?:{_ANY}))*)", re.IGNORECASE)
_ASKED = {key: re.compile(rf"\b{_ASKS}{_ARTICLE} {_called(key)}", re.IGNORECASE) for key in _WORDS}


_REMINDERS = (("no_input",), ("wrong",))


@rule("unspoken-key", WARNING)
def unspoken_key(file: FlowFile) -> Iterator[Found]:
    """A key that a menu's text offers but `keys` lacks, or the other way round."""
    texts = [piece.value for piece in file.pieces if piece.speaks]
    for name, step in file.steps.items():
        asked = file.steps.get(step.next) if isinstance(step, Say) else None
        if isinstance(step, Say) and isinstance(asked, Menu):
            words = [piece for piece in file.pieces if piece.prompt == ("steps", name, "say")]
            yield from _asked_in_vain(words, {**step.keys, **asked.keys})
        if not isinstance(step, Menu):
            continue
        own = [piece for piece in file.pieces if piece.prompt[:2] == ("steps", name)]
        choices = [piece for piece in own if piece.prompt[2:] == ("menu",)]
        reminders = [piece for piece in own if piece.prompt[2:] in _REMINDERS]
        yield from _asked_in_vain([*choices, *reminders], step.keys)
        if any(keys_asked(piece.value) for piece in choices) and all(piece.speaks for piece in own):
            for key in step.keys:
                if not _is_named(key, [piece.value for piece in own], texts):
                    reason = f"offers the key {key}, which no words name"
                    yield Found(("steps", name, "keys"), reason, "name it in the prompt, or remove it")


def _asked_in_vain(choices: Iterable[PromptPiece], keys: Iterable[str]) -> Iterator[Found]:
    known = set(keys)
    for piece in choices:
        for key in keys_asked(piece.value) if piece.speaks else ():
            if key not in known:
                reason = f"asks for the key {key}, which it does not have"
                yield Found(piece.path, reason, f"add it to keys, or name one of {', '.join(sorted(known))}")


def keys_asked(text: str) -> list[str]:
    """The keys that a text asks for, in their order on a phone."""
    listed = [found["keys"] for found in _LISTED.finditer(text)]
    return [key for key, pattern in _NAMED.items() if any(map(pattern.search, listed))]


def _is_named(key: str, own: Iterable[str], everywhere: Iterable[str]) -> bool:
    """By the menu in any way, or by any prompt of the flow that asks for it."""
    return any(_NAMED[key].search(text) for text in own) or any(_ASKED[key].search(text) for text in everywhere)
