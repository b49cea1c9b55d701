"""Whether the phone menus of a folder can be followed: what a deployment checks first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.errors import FlowInvalid
from dialtone.flow_library import NUMBERS_FILE, read_numbers
from dialtone.flows.reading import read_flow

if TYPE_CHECKING:
    from pathlib import Path


def lint(folder: Path) -> list[FlowInvalid]:
    """The first fault of each file, by file name; an empty list if calls can come."""
    if not folder.is_dir():
        return [FlowInvalid(str(folder), 1, "", "is no folder", "name the folder that holds the flows")]
    faults = [fault for file in sorted(folder.glob("*.yaml")) if (fault := _fault_in(file))]
    if not (folder / NUMBERS_FILE).is_file():
        remedy = 'add it beside the flows, with lines like "+15550100": main-menu'
        faults.append(FlowInvalid(NUMBERS_FILE, 1, "", "is missing", remedy))
    return faults


def _fault_in(file: Path) -> FlowInvalid | None:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return FlowInvalid(file.name, 1, "", f"cannot be read: {error}", "save it as UTF-8 text that you may read")
    try:
        if file.name == NUMBERS_FILE:
            read_numbers(file.parent)
        else:
            read_flow(file.name, text)
    except FlowInvalid as fault:
        return fault
    return None
