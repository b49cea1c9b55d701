"""The dependencies that a sweep writes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialtone.adapters.archive_queue import ArchiveQueue
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.erased_calls import ErasedCalls
    from dialtone.adapters.flow_versions_table import FlowVersionsTable

Deliver = Callable[[Mapping[str, Any]], str]
"""Delivers an event to the webhook function. Returns why it was not accepted, '' if it was."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The table, the archive queue, the webhook function, the receipts of erased calls, and the published flows."""

    store: CallsTable
    queue: ArchiveQueue
    deliver: Deliver
    erased: ErasedCalls
    publications: FlowVersionsTable
