"""Rows of a directory that no caller comes to."""

from collections import Counter
from collections.abc import Iterator, Mapping

from dialtone.flow.data_files import data_file
from dialtone.flow.spelling import spellings
from dialtone.flow.steps.directory import MAX_KEYED, MAX_OFFERED, Directory
from infra.flowkit.linting.files import FlowFile
from infra.flowkit.linting.rule import WARNING, Found, rule

MOST_NAMED = 5
"""Lines that a finding names."""


@rule("unreachable-row", WARNING)
def unreachable_row(file: FlowFile) -> Iterator[Found]:
    """A row of a directory that no caller can key in: no extension, no letters, or over nine with the same keys."""
    for name, step in file.steps.items():
        data = file.folder.data(step.data) if isinstance(step, Directory) else None
        if not isinstance(step, Directory) or data is None:
            continue
        keys = [_keys(step, data.row(place)) for place in range(len(data.rows))]
        alike = Counter(each for row in keys for each in row)
        rows = zip(data.lines, keys, strict=True)
        lost = [line for line, row in rows if all(alike[each] > MAX_OFFERED for each in row)]
        if lost:
            lines = ", ".join(map(str, lost[:MOST_NAMED])) + (", …" if len(lost) > MOST_NAMED else "")
            reason = f"finds nobody for {len(lost)} of {len(keys)} rows of {data_file(step.data)} (line {lines})"
            remedy = "give each an extension in digits, or a name in Latin letters that few others share"
            yield Found(("steps", name, "data"), reason, remedy)


def _keys(step: Directory, row: Mapping[str, str]) -> frozenset[str]:
    """All that a caller can key in for a row, to its end."""
    extension = row.get(step.extension or "", "")
    whole = {extension} if extension.isdecimal() and len(extension) <= MAX_KEYED else set()
    spelled = {keys[:MAX_KEYED] for column in step.spell for keys in spellings(row.get(column, ""))}
    return frozenset(whole | {keys for keys in spelled if len(keys) >= step.letters})
