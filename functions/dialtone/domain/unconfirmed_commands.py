"""The commands of a call's latest decision, until an event shows that Telnyx has obeyed them. Pure.

Every command puts its number into the leg's `client_state`, which Telnyx echoes on the leg's later events. So in an
ordinary call the events confirm the commands one by one, without another request. Commands that are unconfirmed when
another decision has commands are sent again before those: Telnyx obeys an id once, so all are obeyed in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.client_state import ALL_PLACES
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.events import Event


class Unconfirmed(NamedTuple):
    """Which commands of a decision may not have been obeyed yet."""

    event_id: str
    """The event that the decision is about; with its time, the key of the item that holds the commands."""
    occurred_at: str
    decision: int
    """The number of the decision: the version of the call after it."""
    groups: tuple[tuple[int, ...], ...] = ()
    """The places of the commands, in groups that are sent together. A group is not sent before all of the one before it
    was obeyed. Hang-ups are left out: nothing waits for one."""
    bridge: int = -1
    """The place of the bridge or transfer, if there is one: both legs report it, each with its own client state."""
    origin: str = ""
    """If the decision is about a refused command: the webhook that Telnyx redelivers until everything is done."""

    @property
    def places(self) -> frozenset[int]:
        """The places of all of them."""
        return frozenset(place for group in self.groups for place in group)

    def after(self, event: Event, turn: int) -> Unconfirmed:
        """The unconfirmed commands after an event in this step: it confirms one command, and the groups before it."""
        shown = event.client_state
        if event.type == "call.bridged" and shown.turn == turn and self.bridge >= 0:
            return self._after_place(self.bridge)
        if shown.decision != self.decision:
            return self
        return self._replace(groups=()) if shown.place == ALL_PLACES else self._after_place(shown.place)

    def _after_place(self, shown: int) -> Unconfirmed:
        for number, group in enumerate(self.groups):
            if shown in group:
                left = tuple(place for place in group if place != shown)
                return self._replace(groups=(*((left,) if left else ()), *self.groups[number + 1 :]))
        return self

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, without default values."""
        return {name: value for name, value in self._asdict().items() if value not in {"", -1, ()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Unconfirmed:
        """What was stored, in this or another version of the program."""
        return restored(cls, stored, groups=lambda groups: tuple(tuple(group) for group in groups))
