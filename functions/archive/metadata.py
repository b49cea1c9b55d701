"""A recording's metadata: `<recording>.json` beside its audio. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dialtone.domain.recordings import COMPLETED

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import Pause, Recording

SCHEMA_VERSION = 1
"""Incremented when a field changes its meaning or is removed, not for a new field."""


OF_CALL = frozenset({"outcome", "variables"})
"""Fields of the call. The call's state expires before the ledger, which does not have them."""

_MASKED = frozenset("*")


def metadata(recording: Recording, call: Call | None = None) -> bytes:
    """The recording's metadata as JSON, from its ledger entry and its call; deterministic.

    Times are ISO 8601 in UTC as Telnyx reported them, the hash is hexadecimal; unknown values are null.
    """
    audio, transcript, transcription = recording.audio, recording.transcript, recording.transcription
    fields = {
        "schema_version": SCHEMA_VERSION,
        "recording": recording.name,
        "call_session_id": recording.call_session_id,
        "call_leg_id": recording.call_leg_id,
        "recording_id": recording.recording_id or None,
        "call_control_id": recording.call_control_id or None,
        "connection_id": recording.connection_id or None,
        "from": recording.from_number or None,
        "to": recording.to_number or None,
        "direction": recording.direction or None,
        "calling_party_type": recording.calling_party_type or None,
        "flow": recording.flow or None,
        "flow_version": recording.flow_version or None,
        "step": recording.step or None,
        "outcome": call.outcome if call and call.ended_at else None,
        "variables": _variables(call) if call and call.ended_at else None,
        "retention_days": recording.retention_days or None,
        "requested_at": recording.requested_at,
        "started_at": recording.started_at or None,
        "ended_at": recording.ended_at or None,
        "channels": recording.channels or None,
        "format": recording.format or None,
        "key": audio.key if audio else None,
        "bytes": audio.length_bytes if audio else None,
        "sha256": audio.sha256 if audio else None,
        "duration_millis": audio.duration_millis if audio else None,
        "content_doubt": recording.content_doubt or None,
        "source": recording.source,
        "identity": recording.identity or None,
        "identity_reason": recording.identity_reason or None,
        "pauses": None if recording.pauses is None else [_pause(each) for each in recording.pauses],
        "consent": recording.consent._asdict() if recording.consent else None,
        "review": recording.review or None,
        "transcript_key": transcript.key if transcript else None,
        "transcript_sha256": transcript.sha256 if transcript else None,
        "transcription_id": (transcript.transcription_id or None) if transcript else None,
        "transcription_status": _status(recording),
        "transcription_engine": (transcription.engine or None) if transcription else None,
        "transcription_language": (transcription.language or None) if transcription else None,
    }
    return json.dumps(fields, indent=2, ensure_ascii=False).encode() + b"\n"


def _variables(call: Call) -> dict[str, str]:
    """The call's variables at its end or later; digits that must not be stored are asterisks."""
    return {name: value for name, value in sorted(call.variables.items()) if not value or set(value) - _MASKED}


def _pause(pause: Pause) -> dict[str, str | None]:
    return {"from": pause.began, "to": pause.ended or None, "why": pause.why or None}


def _status(recording: Recording) -> str | None:
    """In entries of earlier versions it is known only if the transcript exists."""
    if recording.transcription:
        return recording.transcription.status
    return COMPLETED if recording.transcript else None
