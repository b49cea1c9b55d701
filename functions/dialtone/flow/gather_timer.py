"""A timer, which Telnyx does not offer: a gather that needs no key and ends by its time-out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dialtone.domain.commands import Command, command
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event


TIMER = "timer-"
"""The prefix of such a gather's id; the step sequence number follows. Telnyx returns the id with the gather's end."""

LEAST_SECONDS = 1
"""If a timer ended early with less than this left, no new one is started."""


def timer(call: Call, seconds: float) -> Command:
    """The command that starts it. Keys do not end it: `A` alone terminates it, and 128 keys never come."""
    millis = round(seconds * MILLIS_PER_SECOND)
    return command(
        "gather",
        call.control_id,
        gather_id=f"{TIMER}{call.turn}",
        minimum_digits=1,
        maximum_digits=128,
        terminating_digit="A",
        initial_timeout_millis=millis,
        inter_digit_timeout_millis=millis,
        timeout_millis=millis,
    )


def timer_ended(event: Event) -> bool:
    """Whether a timer on the call's own leg ended while the caller is still on the line.

    It may have ended early: Telnyx cancels a gather when answering-machine detection finds something.
    """
    ended = event.type == "call.gather.ended" and not event.about_callee
    return ended and event.text("status") != "call_hangup"


def cut_off_by_detection(event: Event) -> bool:
    """Whether Telnyx ended it early because answering-machine detection found something."""
    return event.text("status") == "cancelled_amd" and not event.about_callee


def timer_of_another_turn(call: Call, event: Event) -> bool:
    """Whether a timer of an earlier step ended: the event then carries the client state of the current step."""
    gather = event.text("gather_id")
    return gather.startswith(TIMER) and gather != f"{TIMER}{call.turn}"


def seconds_left(call: Call, event: Event, limit_seconds: float) -> float:
    """The rest of a limit that began when the step was entered; 0 if too little is left for another timer.

    For a call that has ended since, that time is no longer known: then the timer's own duration counts.
    """
    if not call.entered_at:
        return 0 if event.text("status") == "timeout" else limit_seconds
    passed = datetime.fromisoformat(event.occurred_at) - datetime.fromisoformat(call.entered_at)
    left = limit_seconds - passed.total_seconds()
    return left if left >= LEAST_SECONDS else 0
