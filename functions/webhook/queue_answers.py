"""Asks Telnyx what a call wants to know about a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dialtone.domain.errors import TelnyxRefused, TelnyxUnavailable
from dialtone.domain.queues import QueueAnswer, QueueQuestion

if TYPE_CHECKING:
    from dialtone.adapters.telnyx_api import QueueInfo


class QueueApi(Protocol):
    """What is needed of Telnyx."""

    def queue_position(self, queue: str, call_control_id: str, *, deadline: float | None = None) -> int:
        """The place of a call in a queue; 0 if it is not in it. Raises TelnyxRefused and TelnyxUnavailable."""
        ...

    def find_queue(self, queue: str, *, deadline: float | None = None) -> QueueInfo | None:
        """A queue; None if there is none of that name. Raises TelnyxRefused and TelnyxUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class QueueAnswers:
    """Answers questions about queues. A call goes on without an answer: nothing that Telnyx does here is an error."""

    telnyx: QueueApi

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """The answer; an empty one where Telnyx gives none in time."""
        try:
            return self._place(question, deadline) if question.call_control_id else self._waiting(question, deadline)
        except (TelnyxRefused, TelnyxUnavailable):
            return QueueAnswer()

    def _place(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        (queue,) = question.queues
        position = self.telnyx.queue_position(queue, question.call_control_id, deadline=deadline)
        found = self.telnyx.find_queue(queue, deadline=deadline) if position and question.average else None
        return QueueAnswer(queue, position, found.average_wait_time_secs if found else None)

    def _waiting(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        for queue in question.queues:
            found = self.telnyx.find_queue(queue, deadline=deadline)
            if found and found.current_size:
                return QueueAnswer(queue)
        return QueueAnswer()


class NoQueues:
    """Knows of no queue: for calls that nobody is on."""

    def ask(self, question: QueueQuestion, deadline: float) -> QueueAnswer:
        """An empty answer."""
        del question, deadline
        return QueueAnswer()
