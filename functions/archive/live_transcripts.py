"""Stores live transcripts and conversations with voice agents next to the call's recordings."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from archive.retries import PermanentFailure
from dialtone.domain.events import TRANSCRIPTION
from dialtone.domain.live_transcription import TRANSCRIPT
from dialtone.domain.object_keys import safe_id, text_key
from dialtone.domain.recordings import dialogue

if TYPE_CHECKING:
    from archive.bucket import RecordingsBucket
    from dialtone.adapters.calls_table import CallsTable, TimelineEntry
    from dialtone.adapters.telnyx_api import TelnyxApi
    from dialtone.domain.calls import Call
    from dialtone.domain.recordings import ArchiveJob


class Written(NamedTuple):
    """A text in the bucket."""

    key: str
    length_bytes: int
    sha256: str

    @classmethod
    def at(cls, key: str, text: bytes) -> Written:
        """The result for a stored text."""
        return cls(key, len(text), hashlib.sha256(text).hexdigest())


def write_down(job: ArchiveJob, store: CallsTable, bucket: RecordingsBucket) -> Written:
    """Write all that live transcription has heard on the job's leg so far. Idempotent.

    Raises PermanentFailure if the leg is unknown, and the store's and botocore's errors.
    """
    leg = _leg(job, store)
    began = leg.answered_at or leg.initiated_at or leg.heard_at
    said = [each for each in store.timeline(job.call_session_id) if _is_of(each, job.call_leg_id)]
    text = "".join(f"{_line(each, began)}\n" for each in said).encode()
    key = text_key(leg.session_id, leg.leg_id, leg.initiated_at or began, "words")
    bucket.put(key, text, "text/plain; charset=utf-8", leg.retention_days)
    return Written.at(key, text)


def keep_conversation(job: ArchiveJob, store: CallsTable, bucket: RecordingsBucket, telnyx: TelnyxApi) -> Written:
    """Write what a caller and a voice agent said. Idempotent.

    Raises PermanentFailure if the leg is unknown or Telnyx has no messages, TelnyxRefused, TelnyxUnavailable, and the
    store's and botocore's errors.
    """
    leg = _leg(job, store)
    text = job.transcript or dialogue(telnyx.conversation_messages(job.conversation_id), "text")
    if not text:
        raise PermanentFailure(f"Telnyx has no word of the conversation {job.conversation_id}")
    began = leg.initiated_at or leg.answered_at
    key = text_key(leg.session_id, leg.leg_id, began, f"conversation-{safe_id(job.conversation_id)}")
    bucket.put(key, text.encode(), "text/plain; charset=utf-8", leg.retention_days)
    return Written.at(key, text.encode())


def _leg(job: ArchiveJob, store: CallsTable) -> Call:
    leg = next((each for each in store.legs(job.call_session_id) if each.leg_id == job.call_leg_id), None)
    if leg is None:
        raise PermanentFailure("the table does not know the leg on which it was said")
    return leg


def _is_of(entry: TimelineEntry, leg_id: str) -> bool:
    return entry.event_type == TRANSCRIPTION and entry.call_leg_id == leg_id and bool(entry.payload.get(TRANSCRIPT))


def _line(entry: TimelineEntry, began: str) -> str:
    """A line with time, track if known, and words: `01:05 inbound: I need a doctor`."""
    passed = datetime.fromisoformat(entry.occurred_at) - datetime.fromisoformat(began)
    minutes, seconds = divmod(max(0, round(passed.total_seconds())), 60)
    track = f" {entry.payload['track']}:" if entry.payload.get("track") else ""
    return f"{minutes:02d}:{seconds:02d}{track} {' '.join(str(entry.payload[TRANSCRIPT]).split())}"
