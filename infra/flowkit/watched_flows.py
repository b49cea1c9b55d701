"""Flows that are read again once their files have changed: for work on them, never on Lambda, where none ever do."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dialtone.adapters.flow_library import FlowLibrary, StoredFlows, text_beside
from dialtone.domain.calls import Call
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.events import Event
from dialtone.flow.call_routing import Routes
from dialtone.flow.data_files import DATA
from dialtone.flow.loaded_flow import LoadedFlow

NO_ROUTES = Routes({})

Stamp = frozenset[tuple[str, int, int, int]]
"""Name, inode, time of change and length of every file: an editor either writes into a file or puts a new one there."""


def stamp(folder: Path) -> Stamp:
    """What a folder's flows look like from outside; another one means that something was saved."""
    found = set()
    for file in (*folder.rglob("*.yaml"), *folder.glob(f"{DATA}/*.csv")):
        if "." in file.stem:
            continue  # no flow has one in its name: it is something that lies beside a flow
        try:
            status = file.stat()
        except FileNotFoundError:
            continue  # an editor is putting a new one in its place
        found.add((file.relative_to(folder).as_posix(), status.st_ino, status.st_mtime_ns, status.st_size))
    return frozenset(found)


@dataclass(slots=True)
class WatchedFlows:
    """A folder of flows that people work on: what a call is led by is what was saved last."""

    folder: Path
    kept: StoredFlows | None = None
    _seen: Stamp | None = None
    _library: FlowLibrary | None = None

    def with_called_number(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> Call:
        """As FlowLibrary's. Raises FlowInvalid while what was saved last cannot be followed."""
        return self._library_for(call).with_called_number(call, event, deadline)

    def flow_for(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> LoadedFlow | None:
        """As FlowLibrary's. Raises FlowInvalid while what was saved last cannot be followed."""
        return self._library_for(call).flow_for(call, event, deadline)

    def _library_for(self, call: Call) -> FlowLibrary:
        try:
            return self._current()
        except FlowInvalid:
            if not call.flow:
                raise
            return FlowLibrary(
                partial(text_beside, self.folder), NO_ROUTES, self.kept
            )  # a call that has a flow needs no numbers

    def _current(self) -> FlowLibrary:
        now = stamp(self.folder)
        if self._library is None or now != self._seen:
            # The stamp is older than what is read: a file that is saved meanwhile is read once more.
            self._library, self._seen = FlowLibrary.open(self.folder, self.kept), now
        return self._library
