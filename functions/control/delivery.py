"""Takes what is asked for to the webhook function, as an event of ours, and says what came of it."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from control.problems import Refused, wrong
from dialtone.domain.control_actions import NOT_KNOWN, TOO_LATE, asked_place, refusal_id
from dialtone.domain.own_events import OWN_EVENT, event_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.adapters.calls_table import CallsTable, TimelineEntry
    from dialtone.adapters.webhook_function import Answer
    from dialtone.domain.events import Event

ATTEMPTS = 2
"""How often an event is delivered whose commands Telnyx did not take at once."""

RETRY_SECONDS = 2

_SENTENCES: Mapping[str, str] = {
    "call_ended": "The call is over.",
    "not_answered": "The call is not answered yet.",
    "no_flow": "The call's flow is missing, so that nothing can be done on it but by Telnyx's portal.",
    "flow_asks": "The flow is asking the caller for keys; ask again when it has them.",
    "others_ask": "Somebody else is asking the caller for keys from outside; ask again when they have them.",
    "connecting": "Somebody else is connecting the call from outside.",
    "talking": "The caller is in a conversation, and would be hung up on with the other side; transfer it or end it.",
    "moved": "The call is in another step by now: look where, and ask again.",
    "too_many": "Eight announcements are queued from outside; wait until one is over, or stop them.",
    "paused": "The recording is paused from outside already.",
    "flow_pauses": "The flow keeps the recording paused, as for a card number; ask again when it goes on.",
}
"""By the code of a decision against an action."""

_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "no_step": ("step", "The flow has no step of that name."),
    "not_given": ("variables", "The flow expects to be given other variables."),
    "no_detection": (
        "answering_machine_detection",
        "The flow waits for what detection finds: greeting_end is what it takes.",
    ),
}


_DOUBTS: Mapping[str, str] = {
    TOO_LATE: "Telnyx has not taken it, and the call has gone on: it is not done any more; for that, choose a new key.",
    NOT_KNOWN: "It is not known whether Telnyx has taken it, and the call has gone on: it is not sent again; choose a"
    " new key to have it done, perhaps once more.",
}
"""By the code of what the webhook function cannot say of an action that is asked for again."""


class CarriedOut(NamedTuple):
    """What was done."""

    place: int | None
    """Of the command that Telnyx has obeyed, in the event's decision; None where the flow sends whatever is sent."""
    data: Mapping[str, Any]
    """What Telnyx said, to this delivery; of a dial, the new leg."""


class Delivery:
    """The webhook function, and the table in which it leaves what it decided."""

    def __init__(self, store: CallsTable, deliver: Callable[[Mapping[str, Any]], Answer]) -> None:
        self._store = store
        self._deliver = deliver

    def carry_out(self, event: Event) -> CarriedOut:
        """Deliver the event until its commands are taken. Raises Refused where they are not, or were refused."""
        said = self._taken(event)
        place = self._obeyed(event)
        if doubt := said.get("doubt"):
            raise Refused(HTTPStatus.CONFLICT, str(doubt), _DOUBTS.get(doubt, _DOUBTS[NOT_KNOWN]))
        return CarriedOut(place, said.get("data") or {})

    def _taken(self, event: Event) -> Mapping[str, Any]:
        """What the webhook function says, once it has taken the event."""
        waits: list[Mapping[str, Any]] = []
        for _ in range(ATTEMPTS):
            answer = self._deliver({OWN_EVENT: event_to_json(event)})
            said = _read(answer.body)
            if not answer.why:
                return said
            waits = [each for each in said.get("untaken") or () if isinstance(each, dict)]
            if any(each.get("reason") == "rate-limited" for each in waits):
                raise _later(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "Telnyx is asked too often.", waits)
        unknown = "It is not known yet whether it was done: send it again with the same Idempotency-Key."
        raise _later(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", unknown, waits)

    def _obeyed(self, event: Event) -> int | None:
        """The place of the command that was decided on. Raises Refused if that was not possible, or Telnyx refused."""
        happened = self._store.happened_at(event.call_session_id, event.occurred_at)
        decided = next((each for each in happened if each.event_id == event.id), None)
        if decided is None:
            raise _later(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Send it again in a moment.", [])
        _refuse_not_possible(decided, event)
        place = asked_place(event.type, event.payload, decided.commands)
        refusal = None if place is None else refusal_id(event.id, place)
        refused = next((each for each in happened if each.event_id == refusal), None)
        if refused:
            code = str(refused.payload.get("code") or "refused")
            said = f"Telnyx says: {refused.payload.get('reason')}."
            raise Refused(HTTPStatus.CONFLICT, code, said)
        return place


def _refuse_not_possible(decided: TimelineEntry, event: Event) -> None:
    against, _, code = decided.reason.partition(": ")
    if f"{against}: " != "not possible: ":
        return
    if code in _PARAMETERS:
        raise wrong(*_PARAMETERS[code])
    if code == "no_flow" and "to_flow" in event.payload:
        raise wrong("flow", "There is no flow of that name.")
    raise Refused(HTTPStatus.CONFLICT, code, _SENTENCES.get(code, "It is not possible now."))


def _read(body: str) -> Mapping[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _later(status: HTTPStatus, code: str, message: str, waits: Sequence[Mapping[str, Any]]) -> Refused:
    asked = [each.get("retry_after_seconds") for each in waits]
    seconds = max([float(each) for each in asked if isinstance(each, (int, float))], default=RETRY_SECONDS)
    return Refused(status, code, message, retry_seconds=max(1, math.ceil(seconds)))
