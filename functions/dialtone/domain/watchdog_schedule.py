"""How decisions begin, continue and end a call's wait for its next event, and when the call is looked at. Pure."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dialtone.domain.after_hangup import ANSWER_SECONDS, SETTLING_SECONDS, TEXT_SECONDS
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.events import CONTROL_ACTION, Event
from dialtone.domain.longest_wait import longest_wait
from dialtone.domain.watch import LOOK_SECONDS, OVERDUE, Look, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.decisions import Decision

LONGEST_PAUSE_SECONDS = 900
"""SQS's longest delay."""
UNANSWERED_SECONDS = 660
"""A leg that we dial rings for ten minutes at most; by then it is answered or over."""


def watched(decision: Decision, event: Event, before: Call, now: float) -> Decision:
    """The decision, with the start and the end of the call's wait."""
    call = decision.call
    if call.goes_on:
        return _watched_after_hangup(decision, event, before, now)
    if call.ended_at or not (call.control_id and call.flow):
        return decision._replace(call=call._replace(watch=None))
    if call == before and not decision.commands:
        return decision
    last = before.watch
    moving = last is not None and now - last.since <= 2 * LOOK_SECONDS
    chain = last.chain if last and moving else _chain(event)
    return decision._replace(
        call=call._replace(watch=Watch(chain, int(now), _until(decision, event, last, now, before.turn)))
    )


def _watched_after_hangup(decision: Decision, event: Event, before: Call, now: float) -> Decision:
    """The same for an ended call: only our own events move it on, and none of them may be lost."""
    call, last = decision.call, before.watch
    if before.goes_on and last and call.turn == before.turn:
        return decision._replace(call=call._replace(watch=last))
    seconds = SETTLING_SECONDS
    if decision.lookup:
        seconds = decision.lookup.limit_seconds + ANSWER_SECONDS
    elif decision.commands and call.after_turn:
        seconds = TEXT_SECONDS
    chain = last.chain if before.goes_on and last else _chain(event)
    return decision._replace(call=call._replace(watch=Watch(chain, int(now), int(now + seconds))))


def _until(decision: Decision, event: Event, last: Watch | None, now: float, turn: int) -> int:
    """When the wait ends: with the commands; unchanged if none ends by itself; never while two people talk."""
    call = decision.call
    if decision.talking:
        return 0
    seconds = longest_wait(decision.commands)
    if seconds and event.type == CONTROL_ACTION and last and call.turn == turn:
        # The step still waits for its own event, which comes after that of the control API's command.
        return int(max(last.until, now) + seconds) if last.until else 0
    if seconds:
        return int(now + seconds)
    if event.type in {"call.bridged", "conference.participant.joined"}:
        return 0
    if last:
        return last.until
    return int(now + UNANSWERED_SECONDS) if call.direction == "outgoing" and not call.answered_at else 0


def begun_by(event: Event, call: Call) -> Look | None:
    """The first message of a chain of looks, if the call's began with this event."""
    if call.watch is None or call.watch.chain != _chain(event):
        return None
    return Look(call.session_id, call.leg_id, call.watch.chain)


def _chain(event: Event) -> str:
    """The start of the event's id: unique within a call, and short, to keep the leg's item small."""
    return event.id[:8]


def first_look_seconds(call: Call) -> int:
    """Seconds until the first look at a call."""
    return SETTLING_SECONDS if call.ended_at else LOOK_SECONDS


def pause(quiet: float) -> int:
    """Seconds until the next look at a call that has waited that long."""
    return int(min(max(LOOK_SECONDS, quiet / 2), LONGEST_PAUSE_SECONDS))


def overdue_event(call: Call, watch: Watch) -> Event:
    """The event that reports this wait as overdue: for one state of the call always the same, time included."""
    return Event(
        id=str(uuid.uuid5(COMMAND_NAMESPACE, f"legs/{call.leg_id}/{call.version}/overdue")),
        type=OVERDUE,
        occurred_at=datetime.fromtimestamp(watch.until, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        payload={
            "call_session_id": call.session_id,
            "call_leg_id": call.leg_id,
            "version": call.version,
            "seconds": watch.until - watch.since,
        },
        client_state=ClientState(turn=call.turn),
    )


def is_overdue_payload(payload: Mapping[str, Any]) -> bool:
    """Whether this is such an event's payload."""
    return all(isinstance(payload.get(name), int) for name in ("version", "seconds"))
