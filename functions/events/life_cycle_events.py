"""The life-cycle events of calls and recordings, as other systems receive them. Pure.

The JSON Schemas in docs/events are made of these types: a field's docstring is its description there. Within a version
fields are only added, never removed, renamed or redefined; that needs a new version.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dialtone.domain.life_cycle import MILESTONES, UPDATED, CallEventType, RecordingEventType, result_of
from dialtone.domain.redaction import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Recording

MAX_CHARACTERS = 1_000
"""Of an external text: keeps events far below EventBridge's limit of 256 KB."""

_NAMESPACE = uuid.UUID("5d0f3f0e-3c5a-5c39-9a53-8e6a4f1f6d0b")


@dataclass(frozen=True, slots=True)
class CallFacts:
    """One leg of a phone call, as it was when the event was committed."""

    call_session_id: str
    """Telnyx's id of the phone call, shared by all its legs."""
    call_leg_id: str
    """Telnyx's id of this leg."""
    direction: str | None
    """`incoming` or `outgoing`."""
    from_number: str | None
    """The calling number, masked unless the stack sends full numbers; null for a withheld one."""
    to_number: str | None
    """The called number, masked in the same way."""
    status: str | None
    """`ringing`, `answered`, `bridged` or `ended`."""
    flow: str | None
    """The flow that handles the call."""
    flow_version: str | None
    """The version of that flow."""
    step: str | None
    """The step that the call is in, or was in last."""
    initiated_at: str | None
    """When it began; ISO 8601 in UTC, like every time here."""
    answered_at: str | None
    """When it was answered."""
    bridged_at: str | None
    """When it was first connected with another person."""
    ended_at: str | None
    """When it ended."""
    outcome: str | None
    """The outcome; null before the end."""
    hangup_cause: str | None
    """Telnyx's hangup cause."""
    hangup_source: str | None
    """Who hung up: `caller`, `callee` or `unknown`."""


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """One recording, as its ledger entry was when the event was committed; without its transcript."""

    name: str
    """The ledger's name of it, and its id for `GET /recordings/{id}`."""
    call_session_id: str
    """Telnyx's id of the phone call."""
    call_leg_id: str
    """Telnyx's id of the leg that is recorded."""
    status: str
    """`expected`, `saved`, `copied`, `verified`, `doubtful`, `failed` or `erased`."""
    reason: str | None
    """Why the recording failed or is doubtful."""
    source: str
    """What started it: `record-from-answer`, `record_start`, or `telnyx` for none of our commands."""
    from_number: str | None
    """The calling number, masked unless the stack sends full numbers."""
    to_number: str | None
    """The called number, masked in the same way."""
    flow: str | None
    """The flow that requested it."""
    flow_version: str | None
    """The version of that flow."""
    step: str | None
    """The step that requested it; null for a recording from the answer."""
    requested_at: str
    """When it was requested."""
    started_at: str | None
    """When it began."""
    ended_at: str | None
    """When it ended."""
    channels: str | None
    """`single` or `dual`."""
    format: str | None
    """`mp3` or `wav`."""
    audio_key: str | None
    """Key of its audio in the recordings bucket; null until it is copied."""
    audio_bytes: int | None
    """Size of that file."""
    audio_sha256: str | None
    """SHA-256 of that file, in hexadecimal."""
    duration_millis: int | None
    """Measured from the audio; null if the format does not show it."""
    transcription: str | None
    """`none`, `requested`, `completed` or `failed`; null if not known."""
    transcript_key: str | None
    """Key of its transcript in the bucket; null until it is stored."""
    review: str | None
    """What the caller decided about a message: `kept`, `superseded` or `deleted`."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """Something happened in the life of a call."""

    id: str
    """The same whenever this event is resent, so that receivers can ignore duplicates."""
    type: CallEventType
    """What happened."""
    schema: Literal["call-1"]
    """The JSON Schema that it follows, docs/events/call-1.json."""
    sequence: str
    """Increases with every event of a phone call, including its recordings; compare as text."""
    occurred_at: str
    """When it happened, by Telnyx's clock; for an update, when it was committed."""
    call: CallFacts
    """The call after the event."""


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    """Something happened in the life of a recording."""

    id: str
    """The same whenever this event is resent, so that receivers can ignore duplicates."""
    type: RecordingEventType
    """What happened."""
    schema: Literal["recording-1"]
    """The JSON Schema that it follows, docs/events/recording-1.json."""
    sequence: str
    """Increases with every event of a phone call, including its legs; compare as text."""
    occurred_at: str
    """When it was committed, to the second."""
    recording: RecordingFacts
    """The recording after the event."""


LifeCycleEvent = CallEvent | RecordingEvent


def masked(text: str) -> str:
    """A number or address with the identifying part masked."""
    return redacted_text(text)


def in_full(text: str) -> str:
    """The number unchanged."""
    return text


@dataclass(frozen=True, slots=True)
class Committed:
    """When, and in which order, a change was committed to the table."""

    at: str
    """ISO 8601, in UTC."""
    sequence: str
    """Sequence number of the change, in digits; it increases within a phone call."""


def call_events(
    kinds: tuple[str, ...], call: Call, committed: Committed, mask: Callable[[str], str]
) -> Iterator[CallEvent]:
    """The events of these kinds, in order. Kinds of a later version are left out."""
    facts = _call_facts(call, mask)
    for place, kind in enumerate((*MILESTONES, UPDATED)):
        if kind not in kinds:
            continue
        happened_at = getattr(call, MILESTONES[kind]) if kind in MILESTONES else committed.at
        key = "/".join(result_of(call)) if kind == UPDATED else ""
        yield CallEvent(
            id=_event_id(call.session_id, call.leg_id, kind, key),
            type=kind,
            schema="call-1",
            sequence=_sequence(committed, place),
            occurred_at=happened_at,
            call=facts,
        )


def recording_events(
    kinds: tuple[RecordingEventType, ...], recording: Recording, committed: Committed, mask: Callable[[str], str]
) -> Iterator[RecordingEvent]:
    """The events of these kinds, in order."""
    facts = _recording_facts(recording, mask)
    transcript = recording.transcript.sha256 if recording.transcript else ""
    versions = {"recording.transcribed": transcript, "recording.reviewed": recording.review}
    for place, kind in enumerate(kinds):
        yield RecordingEvent(
            id=_event_id(recording.call_session_id, recording.name, kind, versions.get(kind, "")),
            type=kind,
            schema="recording-1",
            sequence=_sequence(committed, place),
            occurred_at=committed.at,
            recording=facts,
        )


def _event_id(session: str, item: str, kind: str, key: str) -> str:
    """The id depends on what happened, not on when it is sent."""
    return str(uuid.uuid5(_NAMESPACE, f"{session}\n{item}\n{kind}\n{key}".encode(errors="replace").decode()))


SEQUENCE_DIGITS = 40
"""DynamoDB's sequence numbers have 21 to 40 digits."""


def _sequence(committed: Committed, place: int) -> str:
    return f"{committed.sequence.zfill(SEQUENCE_DIGITS)}.{place}"


def _call_facts(call: Call, mask: Callable[[str], str]) -> CallFacts:
    return CallFacts(
        call_session_id=_bounded(call.session_id),
        call_leg_id=_bounded(call.leg_id),
        direction=_known(call.direction),
        from_number=_known(mask(call.from_number)),
        to_number=_known(mask(call.to_number)),
        status=_known(call.status),
        flow=_known(call.flow),
        flow_version=_known(call.flow_version),
        step=_known(call.step),
        initiated_at=_known(call.initiated_at),
        answered_at=_known(call.answered_at),
        bridged_at=_known(call.bridged_at),
        ended_at=_known(call.ended_at),
        outcome=_known(redacted_text(call.outcome)) if call.ended_at else None,
        hangup_cause=_known(redacted_text(call.hangup_cause)),
        hangup_source=_known(call.hangup_source),
    )


def _recording_facts(recording: Recording, mask: Callable[[str], str]) -> RecordingFacts:
    audio = recording.audio
    return RecordingFacts(
        name=_bounded(recording.name),
        call_session_id=_bounded(recording.call_session_id),
        call_leg_id=_bounded(recording.call_leg_id),
        status=recording.status,
        reason=_known(redacted_text(recording.reason or recording.content_doubt)),
        source=recording.source,
        from_number=_known(mask(recording.from_number)),
        to_number=_known(mask(recording.to_number)),
        flow=_known(recording.flow),
        flow_version=_known(recording.flow_version),
        step=_known(recording.step),
        requested_at=recording.requested_at,
        started_at=_known(recording.started_at),
        ended_at=_known(recording.ended_at),
        channels=_known(recording.channels),
        format=_known(recording.format),
        audio_key=_known(audio.key) if audio else None,
        audio_bytes=audio.length_bytes if audio else None,
        audio_sha256=audio.sha256 if audio else None,
        duration_millis=audio.duration_millis if audio else None,
        transcription=recording.transcription.status if recording.transcription else None,
        transcript_key=_known(recording.transcript.key) if recording.transcript else None,
        review=_known(recording.review),
    )


def _known(text: str) -> str | None:
    """Null for an unknown value."""
    return _bounded(text) if text else None


def _bounded(text: str) -> str:
    """An external text, cut to a bounded length, encodable as UTF-8."""
    readable = text.encode(errors="replace").decode()
    return readable if len(readable) <= MAX_CHARACTERS else f"{readable[: MAX_CHARACTERS - 1]}…"
