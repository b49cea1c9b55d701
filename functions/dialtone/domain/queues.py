"""A call's questions to Telnyx about a queue or conference, and the answers as events of our own. Pure."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from dialtone.domain.client_state import ALL_PLACES, ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.events import OURS, Event
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call

ANSWERED = f"{OURS}queue.answered"
"""The event type for Telnyx's answer about a queue or a conference."""

WAITS_TO_BEGIN, IN_PROGRESS = "init", "in_progress"
"""Telnyx's states of a conference: no moderator has come yet; people talk."""

CALLBACK_SECONDS = 86_400
"""How long a place is kept for a callback."""


class Callback(NamedTuple):
    """A place in a queue kept for a caller who hung up. The number is stored with the call only."""

    queue: str
    call_session_id: str
    call_leg_id: str
    since_millis: int
    """When the caller joined the queue, in unix milliseconds: that decides the place."""


class QueueQuestion(NamedTuple):
    """A question: the call's position, which of several queues has callers, or whether a conference has begun."""

    queues: tuple[str, ...]
    """To ask for a call's position: its queue. Otherwise, queues of which the first with a waiting caller is the
    answer."""
    call_control_id: str = ""
    """The waiting call's id; '' to ask whether anybody waits."""
    average: bool = False
    """Whether to ask for the average wait, too."""
    since_millis: int = 0
    """When that call joined the queue, if callbacks count for its position, too; else 0."""
    conference: str = ""
    """The conference that may have begun; '' for a question about queues."""
    call_session_id: str = ""
    call_leg_id: str = ""
    turn: int = 0
    decision: int = 0
    id: str = ""
    """The same if the question is repeated, so that the first answer counts."""
    asked_at: str = ""
    origin: str = ""
    """The webhook that led to the question: if it is redelivered, the commands that followed from the answer may be
    sent again."""

    def asked_by(self, call: Call) -> QueueQuestion:
        """The question with its call and the call's step sequence number."""
        return self._replace(call_session_id=call.session_id, call_leg_id=call.leg_id, turn=call.turn)

    def asked_on(self, event: Event) -> QueueQuestion:
        """The question with the event that led to it."""
        return self._replace(
            id=str(uuid.uuid5(COMMAND_NAMESPACE, f"{event.id}/queue")),
            asked_at=event.occurred_at,
            origin=event.text("origin") or event.id,
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self._asdict()

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> QueueQuestion:
        """The question that `to_json` gave, in this or another version of the program."""
        return restored(cls, kept, queues=tuple)


class QueueAnswer(NamedTuple):
    """Telnyx's answer about a queue; empty if Telnyx says nothing."""

    queue: str = ""
    """The queue that the call is in, or the first with a waiting caller."""
    position: int = 0
    """The position of the call, from 1; 0 if Telnyx knows none."""
    average_wait_time_secs: int | None = None
    """The average wait so far of the calls in that queue."""
    callback: Callback | None = None
    """The callback that comes before the callers on the line."""
    number: str = ""
    """The number to call back, and the number to show there."""
    shown: str = ""
    conference_status: str = ""
    """Telnyx's state of the conference."""

    def event(self, question: QueueQuestion) -> Event:
        """The answer as an event. Repeated, it has the same id and time."""
        state = ClientState(turn=question.turn, decision=question.decision, place=ALL_PLACES)
        return Event(
            id=question.id,
            type=ANSWERED,
            occurred_at=question.asked_at,
            payload={
                "call_session_id": question.call_session_id,
                "call_leg_id": question.call_leg_id,
                "origin": question.origin,
                "queue": self.queue,
                "queue_position": self.position,
                "average_wait_time_secs": self.average_wait_time_secs,
                **({"conference_status": self.conference_status} if self.conference_status else {}),
                **(
                    {"callback": self.callback._asdict(), "number": self.number, "shown": self.shown}
                    if self.callback
                    else {}
                ),
            },
            client_state=state if question.decision else ClientState(turn=question.turn),
        )
