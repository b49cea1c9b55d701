"""The steps that calls take, noted where somebody watches: every one, those that a call only passes through as well."""

import json
from pathlib import Path
from typing import Any

from dialtone.adapters.calls_table import CallsTable
from dialtone.domain.calls import Call
from dialtone.domain.decisions import Decision, EnteredStep
from dialtone.domain.events import Event

LOCAL_FOLDER = "LOCAL_FOLDER"
"""The variable that names a folder to every function of a local stack: it lives as long as the stack."""

FOLDER_NAME = "steps-taken"


class NotingTable(CallsTable):
    """A calls table that notes the steps of every decision that it has stored."""

    def __init__(self, store: CallsTable, folder: Path) -> None:
        vars(self).update(vars(store))
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def commit(self, event: Event, before: Call, decision: Decision, **options: Any) -> None:  # noqa: ANN401 -- passed on
        """As CallsTable's."""
        super().commit(event, before, decision, **options)
        if decision.entered:
            note(self._folder, event.call_session_id, decision.entered)


def note(folder: Path, session: str, entered: tuple[EnteredStep, ...]) -> None:
    """Add steps to those of a call: one write, so that two processes do not mix theirs."""
    lines = "".join(f"{json.dumps(each)}\n" for each in entered)
    with (folder / session).open("a", encoding="utf-8") as file:
        file.write(lines)


def steps_taken(folder: Path, session: str, after: int) -> list[EnteredStep]:
    """The steps of a call, in order, without the first so many."""
    try:
        lines = (folder / session).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [EnteredStep(*json.loads(line)) for line in lines[after:]]
