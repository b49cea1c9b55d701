"""Takes out of texts for operators what is about callers or opens doors: numbers, addresses, digits, words, keys. Pure.

| found in a text | what is left of it |
|---|---|
| a number with a plus | all but its last four digits |
| six digits or more, also in groups: a card, an account, a number without a plus | how many they were |
| a SIP or e-mail address | its host |
| a URL | scheme and host |
| a Telnyx or AWS key, a bearer token, a JWT | that there was one |
| `"digits": "12"`, `token=…` and the like | the name |
| quoted text in what Telnyx or an exception says, unless it can be a name of the program's | how long it was |

Ids, times, hashes, ARNs, IP addresses, sizes and error codes stay: without them no line leads anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from re import Match

LEFT_OUT = "(left out)"

MAX_CHARACTERS = 8_000
"""For one text: tracebacks are shorter, and nobody reads longer ones."""

MASKED_DIGITS = 4
"""For a number with a plus: without them, an operator can still tell callers apart and see where a call went."""

_PRIVATE = frozenset(
    {
        "api_key",
        "authorization",
        "client_state",
        "digit",
        "digits",
        "password",
        "secret",
        "signature",
        "token",
        "transcript",
        "transcription_text",
    }
)
"""Names whose values are left out, in fields and in texts."""

_NAMES = rf"(?:{'|'.join(sorted(_PRIVATE))}|apikey|x-amz-[a-z-]+)"
_QUOTED_VALUE = r"""\(left\ out\)|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""

_PLAIN = (str, int, float, type(None))

_FOREIGN = frozenset({"detail", "error", "exception", "title"})
"""Fields with sentences that are not ours and may quote anything."""

_TOLD = rf"""(?xi)
    (?P<kept>
        arn:[\w-]+:[\w:/.*+=,@-]*
      | \b[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}\b                    # an id of Telnyx's or AWS's
      | \b1-[0-9a-f]{{8}}-[0-9a-f]{{24}}\b                                                       # a trace's
      | \b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{{8,64}}\b                                       # a hash, a version
      | \b\d{{4}}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\d)  # a time
      | (?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d{{1,5}})?(?![\w.]?\d)                          # an IP address
      | (?<![\w.])\d{{1,5}}\.\d{{1,6}}(?![\w.]?\d)                                              # a decimal number
      | (?<![\w+])\d{{1,10}}(?=\s?(?:bytes|ms|s|seconds|characters)\b)
    )
  | (?P<scheme>(?:https?|wss?|s3)://)(?:[^\s/@"'<>]*@)?(?P<host>[^\s/?#"'<>@\\]*)(?P<path>[^\s"'<>]*)
  | \b(?P<sip>(?:sips?|mailto|tel):)?(?P<user>[^\s@<>"',;:()]{{1,128}})@
        (?P<at>(?(sip)[A-Za-z0-9][\w.-]*|[A-Za-z0-9][\w-]*(?:\.[\w-]+)+)(?::\d{{1,5}})?)
  | (?P<sip_user>\bsips?:)[^\s@<>"',;()]+
  | (?P<key>(?-i:\bKEY[0-9A-Za-z_-]{{12,}}|\b(?:AKIA|ASIA)[0-9A-Z]{{16}}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]*))
  | (?P<bearer>\bbearer\s+)[\w.~+/=-]{{8,}}
  | (?P<name>["']{_NAMES}["']\s*:\s*)(?:{_QUOTED_VALUE}|[^\s,}}\]]+)
  | (?P<assigned>\b{_NAMES}=)(?:{_QUOTED_VALUE}|[^\s,;&)}}\]]+)
  | (?P<header>\b(?:authorization|api[_-]key|password)\s*:\s*)(?:\(left\ out\)|\S+(?:\s+\S+)?)
  | (?P<plus>\+\(?\d(?:[ ().-]{{0,2}}\d){{5,}})(?!\d|\*{{4}})
  | (?<![0-9+])(?P<number>\(?\d(?:[ ().-]{{0,2}}\d){{5,}})(?!\d)
    """

_SUSPICIOUS = re.compile(r"[0-9@:=]|KEY|AKIA|ASIA|eyJ|bearer", re.IGNORECASE)
"""A text without any of these needs no redaction: most fields are plain words, and a log line must be cheap."""

_ID_OR_TIME = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d{4})"
)
"""A text that is only one of these is kept. Most texts with digits are."""

_QUOTED = re.compile(r"""(?<!\w)(?P<mark>["'])(?P<text>(?:(?!(?P=mark))[^\\\n]|\\.)*)(?P=mark)(?!\w)""")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.:/#-]{0,59}")


def redacted(value: Any, name: str = "") -> Any:  # noqa: ANN401 -- any JSON
    """The value of a log field, nested values included, without what must not be logged. Idempotent.

    A value that is not JSON, such as an exception, becomes text.
    """
    if not isinstance(value, _PLAIN):
        if isinstance(value, Mapping):
            return {key: redacted(each, str(key)) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [redacted(each, name) for each in value]
    if name.lower() in _PRIVATE and value not in (None, ""):
        return LEFT_OUT
    if isinstance(value, str):
        return redacted_exception(value) if name in _FOREIGN else redacted_text(value)
    return value if isinstance(value, _PLAIN) else redacted_exception(str(value))


def redacted_text(text: str) -> str:
    """A sentence of our own, redacted."""
    if len(text) > MAX_CHARACTERS:
        text = text[: MAX_CHARACTERS - 1] + "…"
    if not _SUSPICIOUS.search(text) or _ID_OR_TIME.fullmatch(text):
        return text
    return re.sub(_TOLD, _left_of, text)


def redacted_exception(text: str) -> str:
    """An exception's message or a traceback, redacted."""
    return redacted_text(_unquoted(text))


def _left_of(found: Match[str]) -> str:
    kind = str(found.lastgroup)
    return _LEFT[kind](found) if kind in _LEFT else f"{found[kind]}{LEFT_OUT}"


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _unquoted(text: str) -> str:
    """The text without what it quotes. The code in a traceback, which is indented, stays."""
    return "\n".join(line if line.startswith(" ") else _QUOTED.sub(_name_only, line) for line in text.split("\n"))


def _name_only(found: Match[str]) -> str:
    text = found["text"]
    return found[0] if not text or _IDENTIFIER.fullmatch(text) else f"({len(text)} characters)"


_LEFT: Mapping[str, Callable[[Match[str]], str]] = {
    "kept": lambda found: found[0],
    "path": lambda found: found["scheme"] + found["host"] + ("/…" if found["path"].strip("/") else found["path"]),
    "at": lambda found: f"{found['sip'] or ''}…@{found['at']}",
    "sip_user": lambda found: f"{found['sip_user']}…",
    "key": lambda _: LEFT_OUT,
    "plus": lambda found: f"+{_digits(found[0])[:-MASKED_DIGITS]}{'*' * MASKED_DIGITS}",
    "number": lambda found: f"({len(_digits(found[0]))} digits)",
}
"""The replacement, by the part of the expression that matched. By default the name stays and the value goes."""
