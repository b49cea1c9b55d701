"""Braces that nothing fills in."""

import re
from collections.abc import Iterator

from dialtone.flow.conditions import LIMITS
from dialtone.flow.document import Path
from dialtone.flow.templating import PLACEHOLDER, VARIABLE
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, rule

_BRACES = re.compile(r"\{+[^{}]*\}+|[{}]")
_MEANT = re.compile(r"\{+\s*(?P<name>[A-Za-z][\w.]*)\s*\}+")

_DIALLED = frozenset({"transfer", "caller_id", "send_digits"})
_NOTED = frozenset({"set", "send", "on_hangup", "on_hangup_connected", "on_hangup_recorded"})
"""Where text of any kind may stand, JSON among it: only what looks like a variable is one."""
_CONSTANT = frozenset({"when", "voice", "language"})
"""Where nothing is filled in."""

_COMPARED = frozenset({*LIMITS, "between"})
"""Within `when`: what is compared with. Variables are filled in there, and the flow's reader refuses other braces."""


@rule("unfilled-braces", ERROR)
def unfilled_braces(file: FlowFile) -> Iterator[Found]:
    """Braces that are spoken, dialled or compared literally: `{{caller}}`, `{Caller}`, `{ caller }`."""
    for piece in file.pieces:
        yield from _unfilled(piece.path, piece.value, "is read out" if piece.speaks else "is looked for")
    heard = {piece.path for piece in file.pieces}
    for path, value in file.document.walk():
        if not isinstance(value, str) or path[:1] != ("steps",) or path in heard:
            continue
        keys = set(path[2:])
        if keys & _CONSTANT and not keys & _COMPARED:
            yield from _in_vain(path, value)
        elif keys & _DIALLED:
            yield from _unfilled(path, value, "is dialled")
        elif keys & _NOTED:
            yield from (found for found in _unfilled(path, value, "is kept") if _MEANT.search(value))


def _unfilled(path: Path, text: str, what: str) -> Iterator[Found]:
    for found in _BRACES.finditer(text):
        if not PLACEHOLDER.fullmatch(found.group()):
            yield Found(path, f"has {found.group()}, which {what} as it stands", _remedy(found.group()))


def _remedy(written: str) -> str:
    meant = _MEANT.fullmatch(written)
    name = meant["name"].lower() if meant else ""
    if re.fullmatch(VARIABLE, name):
        return f"write {{{name}}}"
    return "write a variable as {name}, in small letters, or leave the braces out"


def _in_vain(path: Path, text: str) -> Iterator[Found]:
    if found := _MEANT.search(text):
        remedy = "write the value itself; variables are filled in where something is said, dialled, sent or noted"
        yield Found(path, f"has {found.group()}, and nothing is filled in here", remedy)
