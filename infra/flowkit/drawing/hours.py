"""Opening hours in a few words, as their calendar has them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dialtone.adapters.flow_library import text_beside
from dialtone.flow.calendars import calendar_file
from dialtone.flow.document import Document
from dialtone.flow.flow import Flow


def hours_beside(flow: Flow, folder: Path) -> dict[str, str]:
    """What the calendars say that a flow goes by, by their names; nothing of one that is not there.

    Raises FlowInvalid for one that is not YAML.
    """
    names = {name for step in flow.steps.values() for name in step.calendars()}
    texts = {name: text_beside(folder, calendar_file(name)) for name in sorted(names)}
    return {name: in_words(name, text) for name, text in texts.items() if text is not None}


def in_words(name: str, text: str) -> str:
    """Days and times, how many holidays, and where the clock hangs."""
    content = Document.read(calendar_file(name), text).checked().content
    return "; ".join(_hours_in_words(content)) if isinstance(content, dict) else ""


def _hours_in_words(content: dict[str, Any]) -> Iterator[str]:
    week, holidays = content.get("open"), content.get("holidays")
    for days, times in week.items() if isinstance(week, dict) else ():
        yield f"{days} {' and '.join(map(str, times)) if isinstance(times, list) else times}"
    if isinstance(holidays, (dict, list)) and holidays:
        yield f"{len(holidays)} holidays" if len(holidays) > 1 else "1 holiday"
    if isinstance(zone := content.get("time_zone"), str):
        yield zone
