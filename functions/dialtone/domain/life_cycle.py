"""The life-cycle events of calls and recordings that other systems receive. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from dialtone.domain.recordings import DOUBTFUL, ERASED, EXPECTED, FAILED, SAVED, VERIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording

CallEventType = Literal["call.initiated", "call.answered", "call.bridged", "call.ended", "call.updated"]
RecordingEventType = Literal[
    "recording.expected",
    "recording.saved",
    "recording.verified",
    "recording.doubtful",
    "recording.failed",
    "recording.erased",
    "recording.transcribed",
    "recording.reviewed",
]

MILESTONES: Mapping[CallEventType, str] = {
    "call.initiated": "initiated_at",
    "call.answered": "answered_at",
    "call.bridged": "bridged_at",
    "call.ended": "ended_at",
}
"""The call's field with the time of each."""
UPDATED: CallEventType = "call.updated"

STATUSES: Mapping[str, RecordingEventType] = {
    EXPECTED: "recording.expected",
    SAVED: "recording.saved",
    VERIFIED: "recording.verified",
    DOUBTFUL: "recording.doubtful",
    FAILED: "recording.failed",
    ERASED: "recording.erased",
}
"""The ledger's statuses that are events. `copied` is not: it lasts a moment and promises nothing."""


def call_changes(before: Call, after: Call) -> tuple[CallEventType, ...]:
    """What happened to a call between two states, in the order of a call's life."""
    happened = tuple(kind for kind, at in MILESTONES.items() if getattr(after, at) and not getattr(before, at))
    if before.ended_at and (result_of(before) != result_of(after) or happened):
        return (*happened, UPDATED)
    return happened


def recording_changes(before: Recording | None, after: Recording) -> tuple[RecordingEventType, ...]:
    """What happened to a recording between two ledger entries; for a new entry, all that it shows."""
    happened: list[RecordingEventType] = []
    if after.status in STATUSES and (before is None or before.status != after.status):
        happened.append(STATUSES[after.status])
    if after.transcript and (before is None or before.transcript != after.transcript):
        happened.append("recording.transcribed")
    if after.review and (before is None or before.review != after.review):
        happened.append("recording.reviewed")
    return tuple(happened)


def result_of(call: Call) -> tuple[str, ...]:
    """What is known about how a call ended."""
    return (call.outcome, call.hangup_cause, call.hangup_source, call.ended_at)
