"""Comments that silence a finding: `# lint: ignore=<rule> <why>`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"(?<!\S)# lint: ignore=(?P<rule>[^\s#]*)(?P<reason>(?:(?!# lint:)[^\n])*)")


@dataclass(frozen=True, slots=True)
class Silence:
    """One comment: it silences one rule's findings on its line."""

    line: int
    column: int
    rule: str
    reason: str
    """'' if it gives none: then it silences nothing."""


def silences(text: str) -> Iterator[Silence]:
    """Every such comment of a file."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _COMMENT.finditer(line):
            yield Silence(number, found.start() + 1, found["rule"], found["reason"].strip(" -:"))
