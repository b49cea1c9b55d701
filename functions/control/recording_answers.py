"""Ledger entries as the API shows them. Pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from dialtone.domain.recordings import BEFORE_NAME, NOT_ASKED_FOR
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.control_answers import RecordingDetail, RecordingSummary
    from dialtone.domain.recordings import AudioCopy, Recording

MOST_NAME_BYTES = 1_000
"""DynamoDB rejects sort keys of over 1,024 bytes."""


def place_of(identifier: str) -> tuple[str, str]:
    """The session and the entry's name of a recording id; '' if the id is malformed."""
    session, _, name = identifier.partition(BEFORE_NAME)
    return session, name if len(name.encode()) <= MOST_NAME_BYTES else ""


def summary_of(recording: Recording, heard: Mapping[str, str | None]) -> RecordingSummary:
    """An entry; `heard` has, by entry name, when a link was first handed out."""
    return {
        "id": recording.api_id,
        "call_session_id": recording.call_session_id,
        "call_leg_id": recording.call_leg_id,
        "status": recording.status,
        "reason": recording.reason or recording.content_doubt,
        "from": recording.from_number or None,
        "to": recording.to_number or None,
        "flow": recording.flow or None,
        "step": recording.step or None,
        "requested_at": recording.requested_at,
        "started_at": recording.started_at or None,
        "ended_at": recording.ended_at or None,
        "format": recording.format or None,
        "channels": recording.channels or None,
        "review": recording.review or None,
        "heard_at": heard.get(recording.name),
    }


def detail_of(recording: Recording, heard: Mapping[str, str], *, deletable: bool) -> RecordingDetail:
    """An entry in detail, without audio and transcript text."""
    asked = recording.transcription
    return {
        **summary_of(recording, heard),
        "recording_id": recording.recording_id or None,
        "audio": None,
        "transcript": {"status": asked.status if asked else NOT_ASKED_FOR, "text": None, "is_cut": False},
        "consent": recording.consent._asdict() if recording.consent else None,
        "pauses": None if recording.pauses is None else [each._asdict() for each in recording.pauses],
        "deletable": deletable,
    }


def levels_of(peaks: str) -> list[list[int]]:
    """Loudness over time of each channel, 0 to 255, as measured by the archive; empty if not known."""
    return [list(base64.b64decode(each)) for each in peaks.split(".")] if peaks else []


def seconds_of(audio: AudioCopy) -> float | None:
    """The duration, measured from the audio."""
    return None if audio.duration_millis is None else round(audio.duration_millis / MILLIS_PER_SECOND, 1)
