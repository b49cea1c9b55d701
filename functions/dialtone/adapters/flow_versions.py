"""The flows that take calls: those deployed with the code, until others are published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dialtone.adapters.flow_library import FlowLibrary
from dialtone.domain.deadline import NO_DEADLINE
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.live_version import WITH_THE_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dialtone.adapters.flow_library import StoredFlows
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event
    from dialtone.domain.live_version import Live
    from dialtone.flow.loaded_flow import LoadedFlow

KEPT_IN_MEMORY = 4
"""Cached versions: the live one, one on trial, and those of calls in progress."""


class Library(Protocol):
    """Flows and their numbers. Both methods raise FlowInvalid if a file that they need is invalid."""

    def with_called_number(self, call: Call, event: Event, deadline: float) -> Call:
        """A new incoming call with the called number in the numbers file's spelling."""
        ...

    def flow_for(self, call: Call, event: Event, deadline: float) -> LoadedFlow | None:
        """The call's flow; None if it has none."""
        ...


class FlowVersions:
    """The deployed flows, and the published versions that replace them."""

    def __init__(
        self,
        deployed: Library,
        live: Callable[[], Live],
        read_texts: Callable[[int, float], Mapping[str, str] | None],
        unreadable: Callable[[int, FlowInvalid | None], None],
        kept: StoredFlows | None = None,
    ) -> None:
        """Take the deployed flows, a function that returns the live version, and one that returns a version's files.

        `unreadable` is called for a version that this program cannot read, such as one published by a newer program
        before a rollback. New calls then get the deployed flows, rather than silence.
        """
        self.deployed = deployed
        self._live = live
        self._read_texts = read_texts
        self._unreadable = unreadable
        self._kept = kept
        self._versions: dict[int, FlowLibrary] = {}

    def with_called_number(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> Call:
        """As FlowLibrary's, with the version that takes the call. Raises botocore's errors."""
        if call.flow:
            return call
        version = call.published if call.version else self._new_calls_version(call, event)
        library = self._library(version, deadline)
        taken = call._replace(published=WITH_THE_CODE if library is self.deployed else version)
        return library.with_called_number(taken, event, deadline)

    def flow_for(self, call: Call, event: Event, deadline: float = NO_DEADLINE) -> LoadedFlow | None:
        """As FlowLibrary's. A call keeps the version with which it began."""
        try:
            return self._library(call.published, deadline).flow_for(call, event, deadline)
        except FlowInvalid as why:
            if call.flow or call.published == WITH_THE_CODE:
                raise
            self._unreadable(call.published, why)
        return self.deployed.flow_for(call, event, deadline)

    def _new_calls_version(self, call: Call, event: Event) -> int:
        if event.client_state.flow_version:
            return self._live().version  # calls dialled in a given version do not take part in a trial
        called, caller = call.to_number or event.text("to"), call.from_number or event.text("from")
        return self._live().version_for(called, caller or event.call_session_id)

    def _library(self, version: int, deadline: float) -> Library:
        """The version's library; the deployed one if the version is unreadable or gone."""
        if version == WITH_THE_CODE:
            return self.deployed
        if version not in self._versions:
            read = self._read(version, deadline)
            if read is None:
                return self.deployed  # not cached: the next call tries, and counts, again
            if len(self._versions) >= KEPT_IN_MEMORY:
                self._versions.pop(next(iter(self._versions)))
            self._versions[version] = read
        return self._versions[version]

    def _read(self, version: int, deadline: float) -> FlowLibrary | None:
        texts = self._read_texts(version, deadline)
        try:
            if texts is not None:
                return FlowLibrary.of_texts(texts, self._kept)
            self._unreadable(version, None)
        except FlowInvalid as why:
            self._unreadable(version, why)
        return None
