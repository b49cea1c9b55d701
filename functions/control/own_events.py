"""Sends a request to the webhook function as an internal event, and reports the result."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from control.problems import Refused, wrong
from dialtone.domain.own_events import NOT_KNOWN, OWN_EVENT, TOO_LATE, asked_place, event_to_json, refusal_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dialtone.adapters.calls_table import CallsTable, TimelineEntry
    from dialtone.adapters.webhook_function import Answer
    from dialtone.domain.events import Event

ATTEMPTS = 2
"""Deliveries of an event, if Telnyx does not accept its commands at once."""

RETRY_SECONDS = 2

_SENTENCES: Mapping[str, str] = {
    "call_ended": "The call is over.",
    "not_answered": "The call is not answered yet.",
    "no_flow": "The call's flow is missing, so the call can only be controlled in Telnyx's portal.",
    "flow_asks": "The flow is waiting for digits from the caller; try again afterwards.",
    "others_ask": "Another API request is waiting for digits from the caller; try again afterwards.",
    "connecting": "Another API request is connecting the call.",
    "talking": "The caller is talking with somebody; this would hang up on both. Transfer or end the call instead.",
    "moved": "The call has moved to another step: read the call, and try again.",
    "too_many": "Eight announcements of the API are queued; wait until one has ended, or stop them.",
    "paused": "The recording is already paused by the API.",
    "flow_pauses": "The flow has paused the recording, for example for a card number; try again when it resumes.",
}
"""Messages by the code with which the webhook function rejects an action."""

_PARAMETERS: Mapping[str, tuple[str, str]] = {
    "no_step": ("step", "The flow has no step of that name."),
    "not_given": ("variables", "The variables do not match the flow's inputs."),
    "no_detection": (
        "answering_machine_detection",
        "The flow uses the result of machine detection and needs the value greeting_end.",
    ),
}


_DOUBTS: Mapping[str, str] = {
    TOO_LATE: "Telnyx did not accept it and the call has moved on, so it is no longer carried out. To try again, use a "
    "new key.",
    NOT_KNOWN: "Telnyx may or may not have accepted it, and the call has moved on, so it is not sent again. To try "
    "again, use a new key; it may then happen twice.",
}
"""Messages by the code that the webhook function returns for a repeated action."""


class CarriedOut(NamedTuple):
    """An action that Telnyx accepted."""

    place: int | None
    """The accepted command's position in the event's decision; None if the flow sends the commands."""
    data: Mapping[str, Any]
    """Telnyx's response to this delivery; for a dial, the new leg."""


class Delivery:
    """Delivers events to the webhook function and reads its decisions from the table."""

    def __init__(self, store: CallsTable, deliver: Callable[[Mapping[str, Any]], Answer]) -> None:
        self._store = store
        self._deliver = deliver

    def carry_out(self, event: Event) -> CarriedOut:
        """Deliver the event until Telnyx accepts its commands.

        Raises Refused if Telnyx does not or the event is rejected.
        """
        said = self._taken(event)
        place = self._obeyed(event)
        if doubt := said.get("doubt"):
            raise Refused(HTTPStatus.CONFLICT, str(doubt), _DOUBTS.get(doubt, _DOUBTS[NOT_KNOWN]))
        return CarriedOut(place, said.get("data") or {})

    def _taken(self, event: Event) -> Mapping[str, Any]:
        """The webhook function's answer, once it has processed the event."""
        waits: list[Mapping[str, Any]] = []
        for _ in range(ATTEMPTS):
            answer = self._deliver({OWN_EVENT: event_to_json(event)})
            said = _read(answer.body)
            if not answer.why:
                return said
            waits = [each for each in said.get("untaken") or () if isinstance(each, dict)]
            if any(each.get("reason") == "rate-limited" for each in waits):
                raise _later(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "Telnyx's rate limit is reached.", waits)
        unknown = "Whether it was carried out is not known yet: send it again with the same Idempotency-Key."
        raise _later(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", unknown, waits)

    def _obeyed(self, event: Event) -> int | None:
        """The command's position in the decision.

        Raises Refused if the event was rejected, or Telnyx refused the command.
        """
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
