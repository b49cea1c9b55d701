"""What callers say in place of a key, as Telnyx's AI gather reports it: which choice it was, never the words. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENDED = "call.ai_gather.ended"

CHOICE, NONE = "choice", "none"
"""The field of the result, and its value where the caller wants none of the choices."""

VALID = "valid"

INSTRUCTIONS = (
    "You listen to one answer of a caller to a telephone menu. Say nothing and ask nothing yourself. Take the choice"
    " that the caller's first answer means; if it means none of the choices, or you are not sure, take none."
)

# fmt: off
RECOGNISED_LANGUAGES = (
    "af", "sq", "am", "ar", "hy", "az", "eu", "bn", "bs", "bg", "my", "ca", "yue", "zh", "hr", "cs", "da", "nl", "en",
    "et", "fil", "fi", "fr", "gl", "ka", "de", "el", "gu", "iw", "hi", "hu", "is", "id", "it", "ja", "jv", "kn", "kk",
    "km", "ko", "lo", "lv", "lt", "mk", "ms", "ml", "mr", "mn", "ne", "no", "fa", "pl", "pt", "pa", "ro", "ru", "rw",
    "sr", "si", "sk", "sl", "ss", "st", "es", "su", "sw", "sv", "ta", "te", "th", "tn", "tr", "ts", "uk", "ur", "uz",
    "ve", "vi", "xh", "zu",
)
"""Telnyx's list of what its speech recognition takes as `language`."""
# fmt: on

_KEPT = frozenset(
    {"call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state", "from", "to", "status"}
)
_KEY = re.compile(r"[0-9*#]")


def schema(words: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The JSON Schema of the answer: key → the words that stand for it."""
    meant = "; ".join(f"{key}: {', '.join(phrases)}" for key, phrases in words.items())
    choice = {
        "type": "string",
        "enum": [*words, NONE],
        "description": f"What the caller wants. {meant}; {NONE}: anything else",
    }
    return {"type": "object", "properties": {CHOICE: choice}, "required": [CHOICE]}


def report(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of such an event: the choice, and whether the caller said anything; no word of what was said."""
    kept = {name: value for name, value in payload.items() if name in _KEPT}
    result, history = payload.get("result"), payload.get("message_history")
    said = result.get(CHOICE) if isinstance(result, dict) else None
    choice = said if isinstance(said, str) and (said == NONE or _KEY.fullmatch(said)) else ""
    spoke = any(map(_of_caller, history)) if isinstance(history, list) else bool(said)
    return {**kept, CHOICE: choice, "spoke": spoke}


def _of_caller(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "user" and bool(message.get("content"))
