"""Decides what the failover does about an event. Pure, and independent of the order of events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.failover import FailoverState, Order, ending, sentence_ended

if TYPE_CHECKING:
    from failover.event import FailoverEvent

FASTEST_CHARACTERS_A_SECOND, SLOWEST_CHARACTERS_A_SECOND = 40, 8
"""Speech has about 15."""

SETTLING_SECONDS = 5.0
"""After the sentence, for its end events."""

HEARD_OUT = frozenset({"completed", "failed", "file_not_found", "unknown"})
"""Statuses of audio that ended by itself. Cancelled audio was replaced by something else: a conversation, or the next
prompt."""

GATHERED = frozenset({"valid", "invalid", "timeout"})

PROMPT_ENDS = {"call.speak.ended": frozenset({"completed"}), "call.playback.ended": HEARD_OUT}
WAITING = {**PROMPT_ENDS, "call.gather.ended": GATHERED}
"""Events, with status, after which the caller waits for the next action."""

PINNED = ("call.answered", "call.speak.ended")
"""Events that advance a call that the failover has answered."""

RECORDS = frozenset(
    {
        "call.hangup",
        "call.recording.saved",
        "call.recording.error",
        "call.recording.transcription.saved",
        "call.cost",
        "call.transcription",
    }
)
"""Events that only report something: no caller waits, and the failover cannot store them."""

DETECTED = "call.machine."
"""Prefix of events that only occur on legs that we dialled."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """What callers hear, and to whom they are transferred afterwards."""

    text: str
    """'' if there is none."""
    language: str
    voice: str
    transfer_to: str
    """'' to hang up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about an event."""

    reason: str
    orders: tuple[Order, ...] = ()
    """Tried in order, until Telnyx accepts one."""
    once: bool = False
    """Whether the caller would notice a repetition: then the leg's state is read first."""
    left: bool = False
    """Whether it is left to the webhook function, so that Telnyx must deliver it again."""


def decide(
    event: FailoverEvent, sentence: Sentence, own_url: str, now_seconds: float, said_seconds: float | None = None
) -> Plan:
    """Decide what to do.

    `own_url` is the failover's own URL; '' if unknown. `said_seconds` is when this process sent the sentence to the
    leg; None if it did not.
    """
    if event.failover.caller and event.call_control_id:
        return _about_callee(event)
    if event.event_type in RECORDS or not event.call_control_id:
        return _nothing_to_do_here(event)
    if event.primary.parent_leg:
        return Plan("a callee's leg")
    if event.event_type == "call.initiated":
        return _about_new_call(event, own_url)
    if event.failover:
        return _about_own(event, sentence)
    return _about_other(event, sentence, now_seconds, said_seconds)


def _nothing_to_do_here(event: FailoverEvent) -> Plan:
    if event.event_type in RECORDS:
        return Plan("a record for the webhook function", left=True)
    return Plan("not about a leg")


def _about_callee(event: FailoverEvent) -> Plan:
    """For a callee that the failover dialled: once it hangs up, the caller must not be left alone."""
    if event.event_type != "call.hangup":
        return Plan("the leg of somebody we ring")
    return Plan("they did not answer or have hung up", ending(event.failover.caller, ""))


def _about_new_call(event: FailoverEvent, own_url: str) -> Plan:
    if event.direction != "incoming":
        return Plan("not an incoming call")
    leg, state = event.call_control_id, FailoverState("answered").encode()
    plain = Order("answer", leg, {"client_state": state}, variant="/plain")
    if not own_url:
        return Plan("a new call", (plain,))
    # The call's events come here until its end, even if the webhook function recovers earlier; only its hang-up and
    # recordings go there.
    here = Order("answer", leg, {"client_state": state, "webhook_urls": dict.fromkeys(PINNED, own_url)})
    return Plan("a new call", (here, plain))


def _about_own(event: FailoverEvent, sentence: Sentence) -> Plan:
    """For a leg that the failover has answered or spoken to."""
    leg, state = event.call_control_id, event.failover
    if state.stage == "answered" and event.event_type == "call.answered":
        return Plan("answered", _say(leg, sentence, sentence_until=0), once=True)
    if sentence_ended(state, event.event_type, event.status, event.occurred_seconds):
        return Plan("the sentence has ended", ending(leg, state.transfer_to), once=True)
    return Plan("nothing to do at this stage")


def _about_other(event: FailoverEvent, sentence: Sentence, now_seconds: float, said_seconds: float | None) -> Plan:
    """For a leg that the webhook function has handled so far."""
    if not _waits(event):
        return Plan("no caller is waiting")
    if event.primary.talks:
        return Plan("people are talking, or meet")
    dialled = (
        event.primary.flow and not event.primary.decision
    )  # the state of a dial; other commands have a numbered one
    if dialled or event.event_type.startswith(DETECTED):
        return Plan("a person whom we rang is let go", ending(event.call_control_id, ""))
    if said_seconds is not None:
        # The webhook function works but answers too late: it has moved the call on and overwritten our state.
        lasts = len(sentence.text) / SLOWEST_CHARACTERS_A_SECOND + SETTLING_SECONDS
        if now_seconds < said_seconds + lasts:
            return Plan("the sentence has just been said")
        return Plan("the sentence was said before", ending(event.call_control_id, sentence.transfer_to), once=True)
    until = math.floor(now_seconds + len(sentence.text) / FASTEST_CHARACTERS_A_SECOND)
    return Plan("a call in progress", _say(event.call_control_id, sentence, sentence_until=until), once=True)


def _waits(event: FailoverEvent) -> bool:
    if event.event_type == "call.answered" or event.event_type.startswith(DETECTED):
        return True
    return event.status in WAITING.get(event.event_type, ())


def _say(leg: str, sentence: Sentence, *, sentence_until: int) -> tuple[Order, ...]:
    end = ending(leg, sentence.transfer_to)
    if not sentence.text:
        return end
    said = FailoverState("spoken", sentence_until, sentence.transfer_to)
    speaks: dict[str, object] = {
        "payload": sentence.text,
        "language": sentence.language,
        "voice": sentence.voice,
        "stop": "all",
        "client_state": said.encode(),
    }
    return Order("speak", leg, speaks), *end
