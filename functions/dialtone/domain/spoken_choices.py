"""What callers say instead of pressing keys, from Telnyx's AI gather: the choice or the digits, no words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

ENDED = "call.ai_gather.ended"

CHOICE, DIGITS, NONE = "choice", "digits", "none"
"""The result's field for a choice or for digits, and its value if the caller said neither."""

VALID = "valid"

INSTRUCTIONS = (
    "You listen to one answer of a caller to a telephone menu. Say nothing and ask nothing yourself. Take the choice"
    " that the caller's first answer means; if it means none of the choices, or you are not sure, take none."
)

INSTRUCTIONS_FOR_DIGITS = (
    "You listen to a caller who says a number to a telephone menu, digit by digit or otherwise. Say nothing and ask"
    " nothing yourself. Take all its digits in order once the caller has finished, and add or leave out none; if the"
    " caller says something else, or you are not sure of every digit, take none."
)

# fmt: off
RECOGNISED_LANGUAGES = (
    "af", "sq", "am", "ar", "hy", "az", "eu", "bn", "bs", "bg", "my", "ca", "yue", "zh", "hr", "cs", "da", "nl", "en",
    "et", "fil", "fi", "fr", "gl", "ka", "de", "el", "gu", "iw", "hi", "hu", "is", "id", "it", "ja", "jv", "kn", "kk",
    "km", "ko", "lo", "lv", "lt", "mk", "ms", "ml", "mr", "mn", "ne", "no", "fa", "pl", "pt", "pa", "ro", "ru", "rw",
    "sr", "si", "sk", "sl", "ss", "st", "es", "su", "sw", "sv", "ta", "te", "th", "tn", "tr", "ts", "uk", "ur", "uz",
    "ve", "vi", "xh", "zu",
)
"""The languages that Telnyx lists for its speech recognition."""
# fmt: on

_KEPT = frozenset(
    {"call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state", "from", "to", "status"}
)
_KEY = re.compile(r"[0-9*#]")
_SAID_DIGITS = re.compile(r"[0-9]{1,128}")
_BETWEEN_DIGITS = re.compile(r"[\s.-]")


def schema(words: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The JSON Schema of the answer: key → the words that stand for it."""
    return _answer(CHOICE, f"What the caller wants. {_meant(words)}", [*words, NONE])


def schema_of_digits(
    how_many: str, words: Mapping[str, Sequence[str]], one_of: Sequence[str] = ()
) -> dict[str, object]:
    """The JSON Schema of an answer in digits: how many, which (if limited), and the words for some of them."""
    said = f"The number that the caller says, as {how_many} and nothing else. {_meant(words)}"
    return _answer(DIGITS, said, [*one_of, NONE] if one_of else [])


def _meant(words: Mapping[str, Sequence[str]]) -> str:
    return "; ".join([*(f"{key}: {', '.join(phrases)}" for key, phrases in words.items()), f"{NONE}: anything else"])


def _answer(name: str, description: str, values: Sequence[str]) -> dict[str, object]:
    of_these = {"enum": list(values)} if values else {}
    asked = {"type": "string", **of_these, "description": description}
    return {"type": "object", "properties": {name: asked}, "required": [name]}


def report(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The part of such an event that is stored: choice or digits, and whether the caller spoke; none of the words."""
    kept = {name: value for name, value in payload.items() if name in _KEPT}
    result, history = payload.get("result"), payload.get("message_history")
    result = result if isinstance(result, dict) else {}
    said = result.get(CHOICE)
    choice = said if isinstance(said, str) and (said == NONE or _KEY.fullmatch(said)) else ""
    spoke = any(map(_of_caller, history)) if isinstance(history, list) else bool(result)
    digits = {DIGITS: _digits(result[DIGITS])} if DIGITS in result else {}
    return {**kept, CHOICE: choice, **digits, "spoke": spoke}


def _digits(said: object) -> str:
    """The text if it consists of digits only; '' for anything else."""
    bare = _BETWEEN_DIGITS.sub("", said) if isinstance(said, str) else ""
    return bare if _SAID_DIGITS.fullmatch(bare) and bare.isascii() else ""


def _of_caller(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "user" and bool(message.get("content"))
