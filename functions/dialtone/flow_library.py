"""The flows that are deployed beside the code, and the numbers that lead to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dialtone.errors import FlowInvalid
from dialtone.flows.engine import FlowScript
from dialtone.flows.reading import read_flow
from dialtone.flows.source import read_source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dialtone.calls import Call
    from dialtone.events import Event

NUMBERS_FILE = "numbers.yaml"

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_FLOW_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
"""A longer one would be too long for a file's name on some systems."""


@dataclass(frozen=True, slots=True)
class FlowLibrary:
    """A folder of flows. Each is read when a call first needs it: one broken file silences one number, not all."""

    folder: Path
    flows_by_number: Mapping[str, str]
    _scripts: dict[str, FlowScript]

    @classmethod
    def open(cls, folder: Path) -> FlowLibrary:
        """Read which numbers lead where. Raises FlowInvalid."""
        return cls(folder, read_numbers(folder), {})

    def script(self, flow: str) -> FlowScript | None:
        """The flow's script, None if no file is named after it. Raises FlowInvalid if the file is broken."""
        if flow not in self._scripts:
            file = _flow_file(self.folder, flow)
            if file is None:
                return None
            self._scripts[flow] = FlowScript(read_flow(file.name, _text(file)))
        return self._scripts[flow]

    def attach(self, call: Call, event: Event) -> Call:
        """The call with the script that leads it: its own, the one it was dialled for, or its number's."""
        named = call.flow or event.client_state.flow
        if not named and "incoming" in (event.text("direction"), call.direction):
            named = self.flows_by_number.get(call.to_number or event.text("to"), "")
        return replace(call, script=self.script(named) if named else None)


def read_numbers(folder: Path) -> dict[str, str]:
    """Called number → flow. Raises FlowInvalid naming the line of a number that is none or leads nowhere."""
    file = folder / NUMBERS_FILE
    if not file.is_file():
        remedy = 'add it beside the flows, with lines like "+15550100": main-menu'
        raise FlowInvalid(file.name, 1, "", "is missing", remedy)
    source = read_source(file.name, _text(file))
    if not isinstance(source.content, dict):
        raise FlowInvalid(file.name, 1, "", "maps no number to a flow", 'write lines like "+15550100": main-menu')
    for number, flow in source.content.items():
        if not _E164.fullmatch(number):
            remedy = 'write it as "+<country><number>", in quotes and without spaces'
            raise source.fault((number,), "", f"{number} is not a number in E.164", remedy)
        if not isinstance(flow, str) or _flow_file(folder, flow) is None:
            remedy = f"add {flow}.yaml beside {NUMBERS_FILE}, or name a flow that is there"
            raise source.fault((number,), "", f"{number} leads to {flow}, which is no flow", remedy)
    return source.content


def _flow_file(folder: Path, flow: str) -> Path | None:
    file = folder / f"{flow}.yaml"
    named = _FLOW_NAME.fullmatch(flow) and file.name != NUMBERS_FILE
    return file if named and file.is_file() else None


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FlowInvalid(file.name, line, "", "is not UTF-8", "save it as UTF-8 text") from None
