"""A timer, which Telnyx does not offer: a gather that needs no key, whose time-out is the timer's end."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dialtone.domain.commands import Command, command
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event


TIMER = "timer-"
"""How the id of such a gather begins; the turn follows. Telnyx sends it back with the gather's end."""

LEAST_SECONDS = 1
"""What is left of a timer that ended early is not worth another one below this."""


def timer(call: Call, seconds: float) -> Command:
    """The command that starts it. Keys do not end it: none is the terminating digit, and there cannot be enough."""
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
    """Whether a timer on the call's own leg ended while somebody is still there to go on with.

    It may have ended early: Telnyx cancels a gather when answering-machine detection finds something.
    """
    ended = event.type == "call.gather.ended" and not event.about_callee
    return ended and event.text("status") != "call_hangup"


def cut_off_by_detection(event: Event) -> bool:
    """Whether Telnyx ended it because answering-machine detection found something, not because it was over."""
    return event.text("status") == "cancelled_amd" and not event.about_callee


def timer_of_another_turn(call: Call, event: Event) -> bool:
    """Whether a timer ended that was started for a step already left: the event bears the mark of the next one."""
    gather = event.text("gather_id")
    return gather.startswith(TIMER) and gather != f"{TIMER}{call.turn}"


def seconds_left(call: Call, event: Event, limit_seconds: float) -> float:
    """What is left of a limit that began when the step was entered; 0 for what is not worth another timer.

    Of a call that has ended since it is not known any more when that was: then what the timer says of itself counts.
    """
    if not call.entered_at:
        return 0 if event.text("status") == "timeout" else limit_seconds
    passed = datetime.fromisoformat(event.occurred_at) - datetime.fromisoformat(call.entered_at)
    left = limit_seconds - passed.total_seconds()
    return left if left >= LEAST_SECONDS else 0
