"""A set of flows, the numbers that lead to them, and the versions that calls began with."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from dialtone.domain.caller_trust import trust_of
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.built_in_flows import inline_text
from dialtone.flow.calendars import CALENDARS, ROTAS
from dialtone.flow.call_routing import NUMBERS_FILE, Routes, read_routes
from dialtone.flow.data_files import DATA, TRIM, too_many_bytes
from dialtone.flow.loader import read_script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.flow.loaded_flow import LoadedFlow
    from dialtone.flow.parser import FileReader

_FILE = rf"(({CALENDARS}|{ROTAS})/)?[a-z0-9][a-z0-9-]{{0,99}}\.yaml|{DATA}/[a-z0-9][a-z0-9-]{{0,99}}\.csv"
"""Some file systems do not allow longer names."""


class StoredFlows(Protocol):
    """Stores the flow versions with which calls began."""

    def flow_texts(self, flow: str, version: str, deadline: float) -> Mapping[str, str] | None:
        """The files of a flow version, by name; None if it was never stored or has expired."""
        ...

    def campaign_texts(self, place: str, deadline: float) -> Mapping[str, str] | None:
        """The files of the flow that a call's campaign was ordered with, by name; None if none were kept.

        `place` is the call's position in its campaign, from its `client_state`.
        """
        ...


@dataclass(frozen=True, slots=True)
class FlowLibrary:
    """A folder of flows, or a published version.

    Each flow is read when a call first needs it, so that a broken file affects only its own numbers.
    """

    read_file: FileReader
    routes: Routes
    kept: StoredFlows | None = None
    files: tuple[str, ...] = ()
    """The names of its files."""
    _flows: dict[str, LoadedFlow] = field(default_factory=dict)
    _earlier: dict[tuple[str, str], LoadedFlow | None] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, kept: StoredFlows | None = None) -> FlowLibrary:
        """Open a folder and read its numbers file. Raises FlowInvalid."""
        found = sorted((*folder.rglob("*.yaml"), *folder.glob(f"{DATA}/*.csv")))
        files = (file.relative_to(folder).as_posix() for file in found)
        readable = tuple(file for file in files if re.fullmatch(_FILE, file))
        return cls(partial(text_beside, folder), _routes(folder), kept, readable)

    @classmethod
    def of_texts(cls, texts: Mapping[str, str], kept: StoredFlows | None = None) -> FlowLibrary:
        """Open a published version's files, given by name, and read its numbers file. Raises FlowInvalid."""
        flows = {name: text for name, text in texts.items() if name != NUMBERS_FILE}
        routes = read_routes(texts.get(NUMBERS_FILE, ""), flows.get)
        return cls(flows.get, routes, kept, tuple(texts))

    @property
    def flows_by_number(self) -> Mapping[str, str]:
        """The default flow of every number that is written in full."""
        return self.routes.numbers

    def flow(self, name: str) -> LoadedFlow | None:
        """The flow of that name; None if it has no file. Raises FlowInvalid if the file is invalid."""
        if name not in self._flows:
            flow = read_script(name, self.read_file if inline_text(f"{name}.yaml") is None else inline_text)
            if flow is None:
                return None
            self._flows[name] = flow
        return self._flows[name]

    @property
    def flow_names(self) -> tuple[str, ...]:
        """The names of its flows, including invalid ones."""
        flows = (file for file in self.files if "/" not in file and file != NUMBERS_FILE)
        return tuple(file.removesuffix(".yaml") for file in flows)

    def read_all(self) -> tuple[LoadedFlow, ...]:
        """Read all flows in advance; return the valid ones. An invalid one raises when a call needs it."""
        for name in self.flow_names:
            with suppress(FlowInvalid):
                self.flow(name)
        return tuple(self._flows.values())

    def with_called_number(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> Call:
        """A new incoming call with the called number in the numbers file's spelling, if it is unambiguous."""
        del deadline
        if not _goes_by_number(call, event):
            return call
        to_number = self.routes.called(call.to_number or event.text("to"))
        return call._replace(to_number=to_number)

    def flow_for(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> LoadedFlow | None:
        """The flow that handles the call: its own, the one it was dialled for, or its number's. Raises FlowInvalid."""
        named = call.flow or event.client_state.flow
        if _goes_by_number(call, event):
            called, caller = call.to_number or event.text("to"), call.from_number or event.text("from")
            named = self.routes.flow(called, caller, event.occurred_at, call.trust or trust_of(event.payload))
        if call.flow or not named:
            return self._in_its_version(named, call.flow_version, "", deadline) if named else None
        dialled = event.client_state
        return self._in_its_version(named, dialled.flow_version, dialled.campaign, deadline)

    def leads(self, call: Call) -> LoadedFlow | None:
        """The flow of a call in progress, in the version with which it began. Raises FlowInvalid."""
        return self._in_its_version(call.flow, call.flow_version, call.campaign, NO_DEADLINE) if call.flow else None

    def _in_its_version(self, flow: str, version: str, place: str, deadline: float) -> LoadedFlow | None:
        """A call keeps its version, and a campaign's call has the campaign's.

        If that cannot be read, the deployed version is used.
        """
        earlier: LoadedFlow | None = None
        try:
            deployed = self.flow(flow)
        except FlowInvalid:
            earlier = self._as_it_was(flow, version, place, deadline)
            if earlier is None:
                raise
            return earlier
        if version and (deployed is None or deployed.version != version):
            earlier = self._as_it_was(flow, version, place, deadline)
        return earlier or deployed

    def _as_it_was(self, flow: str, version: str, place: str, deadline: float) -> LoadedFlow | None:
        if not version or self.kept is None:
            return None
        if (flow, version) not in self._earlier:
            texts = self.kept.flow_texts(flow, version, deadline)
            if texts is None and place:
                texts = self.kept.campaign_texts(place, deadline)
            self._earlier[flow, version] = None if texts is None else _readable(flow, texts)
        return self._earlier[flow, version]


def _goes_by_number(call: Call, event: Event) -> bool:
    """Whether the called number determines the flow."""
    named = call.flow or event.client_state.flow
    return not named and "incoming" in (event.text("direction"), call.direction)


def _readable(flow: str, texts: Mapping[str, str]) -> LoadedFlow | None:
    """The flow in a stored version; None if a newer program stored it with keys that this one does not know.

    After a rollback, calls in progress then continue on the deployed version: a step that it lacks takes the error
    path, so that no caller is left in silence.
    """
    try:
        return read_script(flow, texts.get)
    except FlowInvalid:
        return None


def read_numbers(folder: Path) -> dict[str, str]:
    """Default flow by called number. Raises FlowInvalid naming the line of the problem."""
    return _routes(folder).numbers


def text_beside(folder: Path, file: str) -> str | None:
    """The text of a flow, calendar, rota or data file in a folder; None if the file is missing.

    Raises FlowInvalid if it is not UTF-8, or a data file is too large.
    """
    path = folder / file
    named = re.fullmatch(_FILE, file) and file != NUMBERS_FILE
    if not (named and path.is_file()):
        return None
    if file.startswith(f"{DATA}/") and (reason := too_many_bytes(path.stat().st_size)):
        raise FlowInvalid(file, 1, "", reason, TRIM)
    return _text(path)


def _routes(folder: Path) -> Routes:
    file = folder / NUMBERS_FILE
    if not file.is_file():
        remedy = 'add it beside the flows, with lines like "+15550100": main-menu'
        raise FlowInvalid(file.name, 1, "", "is missing", remedy)
    return read_routes(_text(file), lambda name: text_beside(folder, name))


def _text(file: Path) -> str:
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FlowInvalid(file.name, line, "", "is not UTF-8", "save it as UTF-8 text") from None


__all__ = ["NUMBERS_FILE", "FlowLibrary", "StoredFlows", "read_numbers", "text_beside"]
