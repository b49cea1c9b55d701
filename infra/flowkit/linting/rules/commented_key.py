"""The hash key, lost in a comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dialtone.flow.document import Place
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.flowkit.linting.files import FlowFile

_COMMENTED = re.compile(r"(?P<indent>\s+)#\s*:\s*(?P<target>[\w.-]+)\s*")
_AMONG_KEYS = re.compile(r"""\s+(keys\s*:|["']?[0-9*#](\s*,\s*[0-9*#])*["']?\s*:\s+\S+)\s*""")


@rule("commented-key", ERROR, Of.WRITTEN)
def commented_key(file: FlowFile) -> Iterator[Found]:
    """A `#:` among a step's keys: without quotes it begins a comment, and the key does nothing."""
    lines = file.document.text.splitlines()
    for place, line in enumerate(lines):
        found = _COMMENTED.fullmatch(line)
        around = [lines[near] for near in (place - 1, place + 1) if 0 <= near < len(lines)]
        if found and any(_AMONG_KEYS.fullmatch(each) for each in around):
            remedy = f'write the key in quotes: "#": {found["target"]}'
            where = Place(place + 1, len(found["indent"]) + 1)
            yield Found((), f"#: {found['target']} is a comment, for # begins one", remedy, where)
