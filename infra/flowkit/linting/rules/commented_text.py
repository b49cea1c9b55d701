"""Texts that a `#` cuts off."""

import re
from bisect import bisect_right
from collections.abc import Iterator

import yaml

from dialtone.flow.document import Path, Place
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

_COMMENT = re.compile(r"(?P<gap>[ \t]+)(?P<comment>#(?! lint:).*)")
_SENTENCE_ENDS = re.compile(r"[.!?…:;]$")
_WORDS = re.compile(r"\S\s+\S")


@rule("commented-text", ERROR, Of.WRITTEN)
def commented_text(file: FlowFile) -> Iterator[Found]:
    """A text without quotes that a ` #` cuts off: what follows is a comment, and nobody hears it."""
    lines = file.document.text.splitlines()
    if not any(_COMMENT.search(line) for line in lines):
        return
    written = sorted(file.document.places.items(), key=lambda each: each[1])
    starts = [place for _, place in written]
    for start, end, text in _unquoted(file.document.text):
        found = _COMMENT.match(lines[end.line - 1], end.column - 1) if end.line <= len(lines) else None
        if found and _WORDS.search(text) and _is_part_of_it(text, found):
            nearest = bisect_right(starts, start)
            path: Path = written[nearest - 1][0] if nearest else ()
            reason = f"the text ends before {found['comment'].rstrip()[:40]}, for ` #` begins a comment"
            yield Found(path, reason, "write the whole text in quotes, or the comment on a line of its own", start)


def _is_part_of_it(text: str, found: re.Match[str]) -> bool:
    """Whether the comment looks like the rest of the text: comments stand off by two spaces, behind a sentence."""
    return len(found["gap"]) == 1 or not _SENTENCE_ENDS.search(text)


def _unquoted(text: str) -> Iterator[tuple[Place, Place, str]]:
    """Every scalar without quotes, with where it begins and ends; as far as it is YAML."""
    try:
        for token in yaml.scan(text, Loader=yaml.CSafeLoader):
            if isinstance(token, yaml.ScalarToken) and token.plain:
                begin, end = token.start_mark, token.end_mark
                yield Place(begin.line + 1, begin.column + 1), Place(end.line + 1, end.column + 1), token.value
    except (yaml.YAMLError, UnicodeEncodeError):
        return  # the reader says where it ends
