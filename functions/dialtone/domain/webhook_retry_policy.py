"""How soon Telnyx retries a webhook that we did not acknowledge: a policy that we send with each call.

Telnyx's own default waits 2 s, then 4 s, and the caller hears silence meanwhile. We ask for sooner retries for every
call: an incoming one when it is answered, an outgoing one when it is dialled or transferred to.
"""

from __future__ import annotations

from collections.abc import Iterable

RETRIES_MS = (500, 500, 5_000, 15_000, 30_000)
"""Telnyx allows at most five retries and 60 s in all. The second goes to the failover, if there is one: by then a
caller has waited for two deliveries, and a longer pause would not make a third one more likely to succeed."""

CALLER_EVENTS = (
    "call.answered",
    "call.bridged",
    "call.dtmf.received",
    "call.gather.ended",
    "call.hangup",
    "call.playback.ended",
    "call.recording.error",
    "call.recording.saved",
    "call.recording.transcription.saved",
    "call.speak.ended",
)
"""For a leg that a flow controls."""

DIALLED_EVENTS = (
    *CALLER_EVENTS,
    "call.machine.detection.ended",
    "call.machine.greeting.ended",
    "call.machine.premium.detection.ended",
    "call.machine.premium.greeting.ended",
)
"""For a leg that we dial for a flow, with answering-machine detection."""

CALLEE_EVENTS = (
    "call.initiated",
    "call.answered",
    "call.bridged",
    "call.gather.ended",
    "call.hangup",
    "call.playback.ended",
    "call.speak.ended",
)
"""For a leg that a caller is transferred to: it is rung, perhaps whispered to, and connected."""


def retries(events: Iterable[str]) -> dict[str, object]:
    """The command parameter that makes Telnyx retry the webhooks of these events soon."""
    return {"webhook_retries_policies": {event: {"retries_ms": list(RETRIES_MS)} for event in events}}
