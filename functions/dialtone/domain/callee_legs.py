"""The legs that a call's step dialled (B-legs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.call_status import ANSWERED, ENDED, RINGING, later_status
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.events import Event


class CalleeLeg(NamedTuple):
    """A leg that the call's step dialled, known from its events, which come in any order."""

    control_id: str = ""
    status: str = ""
    connected: bool = False
    """Connected with the caller: we have sent the command."""
    bridged: bool = False
    """Connected with the caller: Telnyx has reported it."""
    cause: str = ""
    """The hangup cause."""
    role: str = ""
    """The role of a leg that joins a conversation."""

    @property
    def unconnected(self) -> bool:
        """Whether it rings, or is connected to Dialtone only."""
        return self.status != ENDED and not self.connected

    def after(self, event: Event) -> CalleeLeg:
        """The leg after one of its events."""
        return self._replace(
            control_id=self.control_id or event.text("call_control_id"),
            status=later_status(self.status, _STATUS_AFTER.get(event.type, RINGING)),
            connected=self.connected or event.type == "call.bridged",
            bridged=self.bridged or event.type == "call.bridged",
            cause=self.cause or event.text("hangup_cause"),
            role=event.client_state.role,
        )

    @classmethod
    def all_from_json(cls, stored: Mapping[str, Mapping[str, Any]]) -> dict[str, CalleeLeg]:
        """What was stored of several, by their ids, in this or another version of the program."""
        return {leg_id: restored(cls, leg) for leg_id, leg in stored.items()}


MAX_LEGS = 30
"""Legs stored per step: a caller may wait for an hour while agents are rung again and again. Ended ones go first."""

_STATUS_AFTER = {"call.answered": ANSWERED, "call.bridged": ANSWERED, "call.hangup": ENDED}


def with_callee_event(legs: Mapping[str, CalleeLeg], event: Event) -> dict[str, CalleeLeg]:
    """The legs by their ids, after an event of one of them."""
    known = legs.get(event.call_leg_id, CalleeLeg())
    after = {**legs, event.call_leg_id: known.after(event)}
    ended = [leg_id for leg_id, leg in after.items() if leg.status == ENDED]
    forgotten = ended[: max(0, len(after) - MAX_LEGS)]
    return {leg_id: leg for leg_id, leg in after.items() if leg_id not in forgotten}
