"""Asks Telnyx what a call wants to know about a queue or a conference."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.queues import CALLBACK_SECONDS, QueueAnswer, QueueQuestion
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from dialtone.adapters.telnyx_api import QueueInfo
    from dialtone.domain.calls import Call
    from dialtone.domain.queues import Callback


class QueueApi(Protocol):
    """The Telnyx requests that these answers need."""

    def queue_position(self, queue: str, call_control_id: str, *, deadline: float | None = None) -> int:
        """The position of a call in a queue; 0 if it is not in it. Raises TelnyxRefused and TelnyxUnavailable."""
        ...

    def find_queue(self, queue: str, *, deadline: float | None = None) -> QueueInfo | None:
        """A queue; None if there is none of that name. Raises TelnyxRefused and TelnyxUnavailable."""
        ...

    def first_in_queue(self, queue: str, *, deadline: float | None = None) -> int:
        """When the longest waiting call began to wait, in unix milliseconds; 0 if none. Raises as `find_queue`."""
        ...

    def conference_status(self, conference: str, *, deadline: float | None = None) -> str:
        """The conference's status in Telnyx's word; '' if there is none. Raises as `find_queue`."""
        ...


class Store(Protocol):
    """The reads of the calls table that these answers need."""

    def callbacks(self, queue: str, deadline: float) -> tuple[Callback, ...]:
        """The callbacks that a queue keeps, oldest first."""
        ...

    def leg(self, call_session_id: str, call_leg_id: str, deadline: float) -> Call | None:
        """A leg; None if it is gone."""
        ...


class QueueAnswers(NamedTuple):
    """Answers questions about queues. A call goes on without an answer: no failure of Telnyx's here is an error."""

    telnyx: QueueApi
    store: Store

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """The answer; an empty one where Telnyx gives none in time."""
        try:
            if question.conference:
                status = self.telnyx.conference_status(question.conference, deadline=deadline)
                return QueueAnswer(conference_status=status)
            return self._place(question, deadline) if question.call_control_id else self._waiting(question, deadline)
        except (TelnyxRefused, TelnyxUnavailable):
            return QueueAnswer()

    def _place(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        (queue,) = question.queues
        position = self.telnyx.queue_position(queue, question.call_control_id, deadline=deadline)
        found = self.telnyx.find_queue(queue, deadline=deadline) if position and question.average else None
        if position and question.since_millis:
            position += sum(each.since_millis < question.since_millis for each in self._kept(queue, question, deadline))
        return QueueAnswer(queue, position, found.average_wait_time_secs if found else None)

    def _waiting(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """Who has waited longest, on the line or for a callback, in the first queue in which anybody waits."""
        for queue in question.queues:
            first = self.telnyx.first_in_queue(queue, deadline=deadline)
            for kept in self._kept(queue, question, deadline):
                caller = self.store.leg(kept.call_session_id, kept.call_leg_id, deadline)
                if caller and not (first and first < kept.since_millis):
                    return QueueAnswer(queue, callback=kept, number=caller.from_number, shown=caller.to_number)
            if first:
                return QueueAnswer(queue)
        return QueueAnswer()

    def _kept(self, queue: str, question: QueueQuestion, deadline: float) -> list[Callback]:
        """The queue's callbacks, without those that are too old, and without erased calls, whose legs are gone."""
        now = datetime.fromisoformat(question.asked_at).timestamp()
        oldest = (now - CALLBACK_SECONDS) * MILLIS_PER_SECOND
        return [each for each in self.store.callbacks(queue, deadline) if each.since_millis > oldest]


class NoQueues:
    """Knows of no queue: for synthetic and replayed calls."""

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """An empty answer."""
        del question, deadline
        return QueueAnswer()
