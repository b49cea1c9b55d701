"""The flows that take new calls, for those who place calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from control.problems import wrong
from dialtone.domain.errors import FlowInvalid
from dialtone.domain.live_version import WITH_THE_CODE

if TYPE_CHECKING:
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.flow_library import FlowLibrary
    from dialtone.flow.loaded_flow import LoadedFlow

DEPLOYED = Path(__file__).resolve().parent.parent / "flows"
"""The flows deployed with the code."""


def live_library(store: CallsTable, folder: Path = DEPLOYED) -> FlowLibrary:
    """The flows of the version that takes new calls; `folder` has those deployed with the code.

    Raises FlowInvalid if the numbers file cannot be read.
    """
    from dialtone.adapters.flow_library import FlowLibrary  # noqa: PLC0415 -- most requests need no flows

    version = store.live().version
    texts = None if version == WITH_THE_CODE else store.published_texts(version)
    return FlowLibrary.of_texts(texts, store) if texts is not None else FlowLibrary.open(folder, store)


def live_flow(store: CallsTable, name: str, folder: Path = DEPLOYED) -> LoadedFlow | None:
    """A flow of the version that takes new calls, or None. Raises Refused if it cannot be read."""
    try:
        return live_library(store, folder).flow(name)
    except FlowInvalid as error:
        raise wrong("flow", f"The flows that take calls cannot be read: {error}.") from None
