"""What a change to numbers.yaml, calendars, rotas and data files means, in sentences."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.domain.caller_trust import TRUST
from dialtone.flow.calendars import ROTAS
from dialtone.flow.data_files import DATA, DataFile, read_data
from dialtone.flow.document import Document
from infra.flowkit.drawing.versions import Text

MOST_ROWS_TOLD = 20
"""Of a data file: who changes more reads the file's own difference."""

_EMPTY = DataFile("", (), (), ())


def noticed_beside(file: Path, old: Text | None, new: Text | None) -> list[str]:
    """Sentences about one file; empty if both say the same. Raises FlowInvalid for what is not YAML."""
    if file.parent.name == DATA:
        return list(_of_data(file.stem, *(read_data(file.stem, each.content) if each else None for each in (old, new))))
    was, now = _content(old), _content(new)
    if file.name == NUMBERS_FILE:
        return list(_of_numbers(was, now))
    kind = "rota" if file.parent.name == ROTAS else "calendar"
    if old is None or new is None:
        return [f"The {kind} “{file.stem}” is {'new' if old is None else 'gone'}."]
    return list(_of_calendar(f"In the {kind} “{file.stem}”", was, now))


def _content(text: Text | None) -> Mapping[str, Any]:
    content = Document.read(text.file, text.content).checked().content if text else None
    return content if isinstance(content, dict) else {}


def _of_numbers(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for number, written in now.items():
        if number not in was:
            yield f"{number} is new and leads to {_routes(written)}."
        elif was[number] != written:
            yield f"{number} now leads to {_routes(written)}; before, to {_routes(was[number])}."
    for number, written in was.items():
        if number not in now:
            yield f"{number} is gone; before, it led to {_routes(written)}."


def _routes(written: Any) -> str:  # noqa: ANN401 -- whatever the file holds
    listed = written if isinstance(written, list) else [written]
    return ", else to ".join(_route(each) for each in listed) or "nothing"


def _route(written: Any) -> str:  # noqa: ANN401 -- as above
    if not isinstance(written, dict):
        return f"“{written}”"
    when = [f"for calls from {_value(written['caller'])}"] if written.get("caller") else []
    when += [f"for the {name} {_value(written[name]) or 'none'}" for name in TRUST if name in written]
    when += [f"while “{written[state]}” is {state}" for state in ("open", "closed") if written.get(state)]
    return " ".join([f"“{written.get('flow')}”", *when])


def _of_data(name: str, old: DataFile | None, new: DataFile | None) -> Iterator[str]:
    """Row by row: a row is known by its first cell, the how-manieth of those that begin so."""
    if old is None or new is None:
        rows = len((new or old or _EMPTY).rows)
        many = f"{rows} row{'' if rows == 1 else 's'}"
        yield f"The data file “{name}” is {'new' if old is None else 'gone'}, with {many}."
        return
    was, now = _by_first_cell(old), _by_first_cell(new)
    sentences = [
        *(f"has {_row(row)}, which is new" for key, row in now.items() if key not in was),
        *(f"no longer has {_row(row)}" for key, row in was.items() if key not in now),
        *(sentence for key, row in now.items() if key in was for sentence in _of_row(key[0], was[key], row)),
    ]
    yield from (f"The data file “{name}” {sentence}." for sentence in sentences[:MOST_ROWS_TOLD])
    if len(sentences) > MOST_ROWS_TOLD:
        yield f"The data file “{name}” has {len(sentences) - MOST_ROWS_TOLD} more changes."


def _by_first_cell(data: DataFile) -> dict[tuple[str, int], Mapping[str, str]]:
    rows: dict[tuple[str, int], Mapping[str, str]] = {}
    seen: Counter[str] = Counter()
    for place in range(len(data.rows)):
        row = data.row(place)
        first = row[data.columns[0]]
        rows[first, seen[first]] = row
        seen[first] += 1
    return rows


def _row(row: Mapping[str, str]) -> str:
    return " · ".join(filter(None, row.values()))


def _of_row(first: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for column in dict.fromkeys((*now, *was)):
        if was.get(column, "") != now.get(column, ""):
            yield f"now has {now.get(column) or 'no'} {column} for {first}; before, {was.get(column) or 'none'}"


def _of_calendar(subject: str, was: Any, now: Any) -> Iterator[str]:  # noqa: ANN401 -- as above
    before, after = dict(_leaves(was)), dict(_leaves(now))
    for where in [*after, *(where for where in before if where not in after)]:
        if before.get(where) != after.get(where):
            values = [_value(each[where]) if where in each else "not there" for each in (after, before)]
            yield f"{subject}, {where} is now {values[0]}; before, {values[1]}."


def _leaves(content: Any, above: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- as above
    if isinstance(content, list) and any(isinstance(each, dict) for each in content):
        content = {str(place): each for place, each in enumerate(content, 1)}
    if not isinstance(content, dict):
        yield above, content
        return
    for key, value in content.items():
        yield from _leaves(value, f"{above} {key}".strip().replace("_", " "))


def _value(written: Any) -> str:  # noqa: ANN401 -- as above
    if isinstance(written, dict) and "in" in written:
        return f"the data file “{written['in']}”"
    return ", ".join(map(str, written)) if isinstance(written, list) else str(written)
