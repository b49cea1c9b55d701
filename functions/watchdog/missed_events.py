"""Finds what a long-waiting call has missed, by comparing Telnyx's lists with its timeline. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dialtone.domain.client_state import ClientState
from dialtone.domain.events import OURS, READ_BACK, TELNYX_EVENT, Event
from dialtone.domain.own_events import OWN_EVENT, event_to_json
from dialtone.domain.watch import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dialtone.adapters.calls_table import TimelineEntry
    from dialtone.adapters.telnyx_api import ReportedEvent, TakenCommand
    from dialtone.domain.calls import Call
    from dialtone.domain.watch import Look, Watch

CLOCKS_APART_SECONDS = 2
"""Between Telnyx's clock and ours."""

DELIVERIES_SECONDS = 60
"""Time after an event by which Telnyx has made its last delivery attempt and lists it as failed."""

LOOK_BACK_SECONDS = 300
"""Before the call's last move: the missed event may be older, since events can overtake each other."""

SAME_MOMENT_SECONDS = 1.0
"""Maximum difference between two reports of the same event."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Events that Telnyx reports and the timeline lacks."""

    events: tuple[Mapping[str, object], ...] = ()
    """The `data` of their webhooks, oldest first."""
    unreadable: bool = False
    """Whether there are more, of which Telnyx shows only the name: their webhooks are still on the way."""


def missed(
    timeline: Sequence[TimelineEntry],
    listed: Iterable[ReportedEvent],
    given_up: Iterable[Mapping[str, object]],
    now: float,
) -> Missed:
    """The events in Telnyx's lists that are not in the timeline.

    Telnyx does not document whether the raw event has its webhook's id. So events are also matched by type, leg and
    time: an event that has come must not count twice.
    """
    known = {entry.event_id for entry in timeline}
    times = [(entry.event_type, entry.call_leg_id, seconds(entry.occurred_at)) for entry in timeline]
    events = {str(each.get("id")): each for each in given_up}
    unreadable = False
    for each in listed:
        if _is_in(times, each):
            continue
        if each.event is not None:
            events[str(each.event["id"])] = each.event
        elif now - seconds(each.occurred_at) < DELIVERIES_SECONDS:
            unreadable = True
    new = [event for event_id, event in events.items() if event_id not in known]
    return Missed(tuple(sorted(new, key=lambda event: str(event.get("occurred_at")))), unreadable)


def overdue(watch: Watch, look: Look, now: float) -> bool:
    """Whether the next event is overdue, even if commands were resent."""
    if not watch.until or now < watch.until + GRACE_SECONDS:
        return False
    return now >= look.sent_again_at + (watch.until - watch.since) + GRACE_SECONDS


def last_decision(leg: Call, timeline: Iterable[TimelineEntry]) -> TimelineEntry | None:
    """The last event with commands for a leg."""
    event_id = leg.unconfirmed.event_id if leg.unconfirmed else ""
    return next((entry for entry in timeline if entry.event_id == event_id), None)


def led_by_others(
    leg: Call, timeline: Iterable[TimelineEntry], taken: Iterable[TakenCommand], since_seconds: float
) -> bool:
    """Whether Telnyx has since accepted commands for the leg that are not ours: the failover is handling the call."""
    decided = (each for each in timeline if seconds(each.occurred_at) >= since_seconds - DELIVERIES_SECONDS)
    ours = Counter(asked.action for entry in decided for asked in entry.commands)
    return bool(Counter(each.action for each in taken if each.call_leg_id == leg.leg_id) - ours)


def untaken(leg: Call, decided: TimelineEntry | None, taken: Iterable[TakenCommand]) -> bool:
    """Whether Telnyx has not accepted all of that decision's unconfirmed commands."""
    if decided is None or leg.unconfirmed is None:
        return False
    places = (place for place in leg.unconfirmed.places if place < len(decided.commands))
    return bool(Counter(decided.commands[place].action for place in places) - Counter(each.action for each in taken))


def delivered_again(leg: Call, timeline: Iterable[TimelineEntry]) -> dict[str, Any] | None:
    """The event with which the webhook function resends the commands of a leg's last decision.

    It recognises the event by id and time; no payload is needed.
    """
    left = leg.unconfirmed
    event_id = (left.origin or left.event_id) if left else ""
    entry = next((each for each in timeline if each.event_id == event_id), None)
    if entry is None:
        return None
    if entry.event_type.startswith(OURS):
        state = ClientState(turn=entry.turn)
        event = Event(entry.event_id, entry.event_type, entry.occurred_at, entry.payload, state)
        return {OWN_EVENT: event_to_json(event)}
    of_callee = entry.call_leg_id != leg.leg_id
    payload = {
        "call_control_id": leg.control_id,
        "call_leg_id": entry.call_leg_id,
        "call_session_id": leg.session_id,
        "client_state": ClientState(turn=entry.turn, parent_leg=leg.leg_id if of_callee else "").encode(),
        READ_BACK: "dialtone",
    }
    data = {"event_type": entry.event_type, "id": entry.event_id, "occurred_at": entry.occurred_at, "payload": payload}
    return {TELNYX_EVENT: {"data": data}}


def _is_in(times: Iterable[tuple[str, str, float]], listed: ReportedEvent) -> bool:
    at = seconds(listed.occurred_at)
    alike = (then for name, leg, then in times if (name, leg) == (listed.name, listed.call_leg_id))
    return any(abs(then - at) < SAME_MOMENT_SECONDS for then in alike)


def seconds(moment: str) -> float:
    """Unix seconds; 0, long ago, if the text is not a time."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return 0.0
