"""The hash key, lost in a comment."""

import re
from collections.abc import Iterator

from dialtone.flow.document import Place
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import ERROR, Found, Of, rule

_COMMENTED = re.compile(
    r"""(?P<indent>\s+)(?P<key>#(\s*,\s*[0-9*#])*)\s*:\s*(?P<quote>["']?)(?P<target>[\w.-]+)(?P=quote)\s*(#.*)?"""
)
_AMONG_KEYS = re.compile(r"""\s+(keys\s*:|["']?[0-9*#](\s*,\s*[0-9*#])*["']?\s*:\s+\S+)\s*""")


@rule("commented-key", ERROR, Of.WRITTEN)
def commented_key(file: FlowFile) -> Iterator[Found]:
    """A `#:` among a step's keys: without quotes it begins a comment, and the key does nothing."""
    lines = file.document.text.splitlines()
    for place, line in enumerate(lines):
        found = _COMMENTED.fullmatch(line)
        around = [lines[near] for near in (place - 1, place + 1) if 0 <= near < len(lines)]
        if found and any(_AMONG_KEYS.fullmatch(each) for each in around):
            key, target = re.sub(r"\s", "", found["key"]), found["target"]
            remedy = f'write the key in quotes: "{key}": {target}'
            where = Place(place + 1, len(found["indent"]) + 1)
            yield Found((), f"{key}: {target} is a comment, for # begins one", remedy, where)
