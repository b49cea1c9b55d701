"""What a change to numbers.yaml and to calendars means, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialtone.adapters.flow_library import NUMBERS_FILE
from dialtone.flow.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from infra.flowkit.drawing.versions import Text


def noticed_beside(file: Path, old: Text | None, new: Text | None) -> list[str]:
    """Sentences about one file; empty where both say the same. Raises FlowInvalid for what is not YAML."""
    was, now = _content(old), _content(new)
    if file.name == NUMBERS_FILE:
        return list(_of_numbers(was, now))
    if old is None or new is None:
        return [f"The calendar “{file.stem}” is {'new' if old is None else 'gone'}."]
    return list(_of_calendar(f"In the calendar “{file.stem}”", was, now))


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
    when += [f"while “{written[state]}” is {state}" for state in ("open", "closed") if written.get(state)]
    return " ".join([f"“{written.get('flow')}”", *when])


def _of_calendar(subject: str, was: Any, now: Any) -> Iterator[str]:  # noqa: ANN401 -- as above
    before, after = dict(_leaves(was)), dict(_leaves(now))
    for where in [*after, *(where for where in before if where not in after)]:
        if before.get(where) != after.get(where):
            values = [_value(each[where]) if where in each else "not there" for each in (after, before)]
            yield f"{subject}, {where} is now {values[0]}; before, {values[1]}."


def _leaves(content: Any, above: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- as above
    if not isinstance(content, dict):
        yield above, content
        return
    for key, value in content.items():
        yield from _leaves(value, f"{above} {key}".strip().replace("_", " "))


def _value(written: Any) -> str:  # noqa: ANN401 -- as above
    return ", ".join(map(str, written)) if isinstance(written, list) else str(written)
