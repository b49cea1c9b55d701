"""A lookup in one of the team's own systems (a CRM, an order book), and its result. Pure."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.client_state import ALL_PLACES, ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.events import OURS, Event
from dialtone.domain.stored_records import EMPTY, restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call

SLOW = f"{OURS}lookup.slow"
"""The event type for a lookup that takes so long that the caller would notice the silence."""

ANSWERED = f"{OURS}lookup.answered"
"""The event type that ends every lookup, whatever its result."""

FOUND, NOT_FOUND, FAILED = "found", "not_found", "failed"

MAX_REASON_CHARACTERS = 500


class Lookup(NamedTuple):
    """What to look up, where, and how long the caller can wait."""

    target: str
    """A Lambda function, by name or ARN, or an `https://` URL."""
    send: Mapping[str, str]
    """The data to send, name → value, with asterisks in place of sensitive digits."""
    limit_seconds: int
    quiet_seconds: int = 0
    """After this time the call gets an event that the lookup is slow; 0 for never."""
    gives: tuple[str, ...] = ()
    """The fields of the answer that the flow wants; the others are not stored."""
    secrets: tuple[str, ...] = ()
    """Names in `send` whose values are the digits in the event that led here."""
    call_session_id: str = ""
    call_leg_id: str = ""
    turn: int = 0
    """The call's step sequence number, so that an answer after the step was left changes nothing."""
    id: str = ""
    """Idempotency key: the same however often the lookup is sent, so that the other system recognises a repetition."""
    asked_at: str = ""
    """The time of the event that led to it; '' for a lookup of an earlier version."""
    decision: int = 0
    """The number of the decision that asked: the answer shows that the commands of that decision were obeyed."""

    def asked_by(self, call: Call) -> Lookup:
        """The lookup with its call and the call's step sequence number."""
        return self._replace(call_session_id=call.session_id, call_leg_id=call.leg_id, turn=call.turn)

    def asked_on(self, event: Event) -> Lookup:
        """The lookup as it is handed over: with its id, and with the sensitive digits, which only the event holds."""
        digits = event.text("digits") if event.client_state.sensitive else ""
        revealed = dict.fromkeys(self.secrets, digits) if digits else {}
        return self._replace(
            send={**self.send, **revealed},
            id=str(uuid.uuid5(COMMAND_NAMESPACE, f"{event.id}/lookup")),
            asked_at=event.occurred_at,
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self._asdict()

    def slow(self, now: str) -> Event:
        """The event that reports a slow lookup. Repeated, it has the same id and time."""
        if not self.asked_at:
            return self.event(SLOW, now, {})
        due = datetime.fromisoformat(self.asked_at) + timedelta(seconds=self.quiet_seconds)
        return self.event(SLOW, due.isoformat(timespec="microseconds").replace("+00:00", "Z"), {})

    def event(self, event_type: str, occurred_at: str, payload: Mapping[str, Any]) -> Event:
        """An event of our own about the lookup. A repetition must have the same time: it is part of the event's key."""
        about = {"call_session_id": self.call_session_id, "call_leg_id": self.call_leg_id}
        return Event(
            id=str(uuid.uuid5(COMMAND_NAMESPACE, f"{self.id}/{event_type}")),
            type=event_type,
            occurred_at=occurred_at,
            payload={**about, **payload},
            client_state=_state(self.turn, self.decision),
        )

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Lookup:
        """The lookup that `to_json` gave, in this or another version of the program."""
        return restored(cls, kept, gives=tuple, secrets=tuple)


class Answer(NamedTuple):
    """The result of a lookup."""

    result: str
    """`found`, `not_found` or `failed`."""
    values: Mapping[str, str] = EMPTY
    """The wanted fields, as texts; '' for a field that the answer lacks."""
    reason: str = ""
    """For a failure, the reason as the timeline shows it; never what was sent."""
    fault: Exception | None = None
    """An error of ours, to log with its traceback."""

    def event(self, lookup: Lookup, occurred_at: str) -> Event:
        """The answer as an event of our own; see `Lookup.event`."""
        reason = self.reason[:MAX_REASON_CHARACTERS]
        return lookup.event(
            ANSWERED, occurred_at, {"result": self.result, "values": dict(self.values), "reason": reason}
        )


def _state(turn: int, decision: int) -> ClientState:
    return ClientState(turn=turn, decision=decision, place=ALL_PLACES if decision else 0)


def is_answer(payload: Mapping[str, Any]) -> bool:
    """Whether this is the payload of an event that ends a lookup."""
    result = payload.get("result")
    return isinstance(result, str) and result in {FOUND, NOT_FOUND, FAILED} and isinstance(payload.get("values"), dict)
