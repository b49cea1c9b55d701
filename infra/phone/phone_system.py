"""What a telephone needs of the line that it rings into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.decisions import EnteredStep
    from infra.carrier.carrier import Carrier


class PhoneSystem(Protocol):
    """A carrier, and the functions that answer its webhooks."""

    carrier: Carrier
    store: CallsTable

    def connect(self, numbers: Iterable[str]) -> None:
        """Let these numbers ring. Raises UnreadableAudioError, after which they do."""

    def check(self) -> None:
        """Raises what ended it."""

    def last_fault(self) -> str:
        """Why the last event failed that could not be handled; '' if nothing says so."""
        ...

    def stored_object(self, key: str) -> bytes:
        """A recording or transcript in the bucket."""
        ...

    def steps_taken(self, session: str, after: int) -> list[EnteredStep]:
        """The steps that a call has taken, without the first so many."""
        ...
