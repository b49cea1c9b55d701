"""Stores a recording's transcript next to its audio, once the audio is in the bucket."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from archive.call_details import with_leg
from archive.custody import ArchiveResult
from archive.live_transcripts import keep_conversation, write_down
from archive.metadata_mirror import mirror
from archive.retries import AudioNotReady, NotArchived, PermanentFailure
from dialtone.adapters.telnyx_api import SAME_START_SECONDS
from dialtone.domain.live_transcripts import transcript_name
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import (
    COMPLETED,
    ERASED,
    EXPECTED,
    FAILED,
    KEPT_STATUSES,
    TALK,
    TranscriptCopy,
    Transcription,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.bucket import RecordingsBucket
    from archive.live_transcripts import Written
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.telnyx_api import TelnyxApi
    from dialtone.domain.recordings import ArchiveJob, Recording

IN_PROGRESS = "in-progress"
"""Telnyx's status; any status but this and `completed` means that there will be no transcript."""


class Transcripts:
    """Archives transcripts."""

    def __init__(self, store: CallsTable, bucket: RecordingsBucket, telnyx: TelnyxApi) -> None:
        self._store = store
        self._bucket = bucket
        self._telnyx = telnyx

    def keep(self, job: ArchiveJob) -> ArchiveResult:
        """Write the text, the ledger entry and the metadata. Idempotent.

        Raises AudioNotReady before the audio is archived, NotArchived, TelnyxRefused, TelnyxUnavailable, and the
        store's and botocore's errors.
        """
        recording = self._recording(job)
        if recording.status == ERASED:
            return ArchiveResult(recording, already=True)
        if recording.status not in KEPT_STATUSES:
            raise AudioNotReady(f'the audio of "{recording.name}" is not kept yet: it is {recording.status}')
        recording = with_leg(recording, self._store)
        words = self._text(job)
        if words is None:
            return self._failed(recording, job)
        text = words.encode()
        copied = TranscriptCopy(
            object_key(recording, "txt"), hashlib.sha256(text).hexdigest(), transcription_id=job.transcription_id
        )
        if already := recording.transcript == copied:
            mirror(recording, self._store, self._bucket)
            return ArchiveResult(recording, already=already)
        self._bucket.put(copied.key, text, "text/plain; charset=utf-8", recording.retention_days)
        kept = recording._replace(
            transcript=copied,
            transcription=(recording.transcription or Transcription())._replace(status=COMPLETED),
            recording_id=recording.recording_id or job.recording_id,
        )
        self._note(kept)
        return ArchiveResult(kept)

    def write_down(self, job: ArchiveJob) -> Written:
        """Write a live transcript, or a conversation with a voice agent, and its ledger entry.

        Text that arrives meanwhile has its own job, which then writes the entry.
        """
        entry = self._store.live_transcript(job.call_session_id, _name_of(job))
        if job.kind == TALK:
            written = keep_conversation(job, self._store, self._bucket, self._telnyx)
        else:
            written = write_down(job, self._store, self._bucket)
        if entry:  # jobs of versions before the ledger of texts have no entry
            self._store.mark_live_transcript(entry.kept_as(*written))
        return written

    def give_up(self, job: ArchiveJob, reason: str) -> None:
        """Write to the ledger why a text was not archived, unless it was."""
        entry = self._store.live_transcript(job.call_session_id, _name_of(job))
        if entry and entry.status == EXPECTED:
            self._store.mark_live_transcript(replace(entry, status=FAILED, reason=reason))

    def _failed(self, recording: Recording, job: ArchiveJob) -> ArchiveResult:
        """Note a transcription that Telnyx could not complete: the audio stays, without a transcript."""
        note = f"Telnyx says that the transcription is {job.transcription_status or FAILED}: there are no words of it"
        if recording.transcript:
            return ArchiveResult(recording, already=True, note=note)
        failed = recording._replace(
            transcription=(recording.transcription or Transcription())._replace(status=FAILED),
            recording_id=recording.recording_id or job.recording_id,
        )
        self._note(failed)
        return ArchiveResult(failed, note=note)

    def _note(self, recording: Recording) -> None:
        if not self._store.mark_recording(recording, was=(recording.status,)):
            raise NotArchived(f"the ledger does not say {recording.status} any more")
        mirror(recording, self._store, self._bucket)

    def _recording(self, job: ArchiveJob) -> Recording:
        """A transcript's ledger entry: by Telnyx's id, as the leg's only recording, or by its start time."""
        if job.recording and (recording := self._store.recording(job.call_session_id, job.recording)):
            return recording
        on_leg = self._store.recordings(job.call_session_id, job.call_leg_id)
        named = [each for each in on_leg if job.recording_id and each.recording_id == job.recording_id]
        nameless = [each for each in on_leg if not (job.recording_id and each.recording_id)]
        found = named or nameless
        if len(on_leg) == 1 and found:
            return found[0]
        if len(named) == 1:
            return named[0]
        return self._by_start(job, nameless)

    def _by_start(self, job: ArchiveJob, recordings: Sequence[Recording]) -> Recording:
        if not job.recording_id:
            raise NotArchived("the leg has not one recording, and the transcript does not say whose it is")
        info = self._telnyx.find_recording(recording_id=job.recording_id)
        if info is None:
            raise NotArchived(f"Telnyx does not know the transcript's recording {job.recording_id}")
        began = [each for each in recordings if _same_moment(each.started_at, info.started_at)]
        if len(began) != 1:
            raise NotArchived(f"the leg has no recording that began at {info.started_at}")
        return began[0]

    def _text(self, job: ArchiveJob) -> str | None:
        """The transcript's text; None if there will never be one."""
        if job.transcription_status not in {"", COMPLETED, IN_PROGRESS}:
            return None
        said = job.transcript if job.transcription_status != IN_PROGRESS else ""
        return said or self._fetched(job)

    def _fetched(self, job: ArchiveJob) -> str | None:
        if not job.transcription_id:
            raise PermanentFailure("the transcript has neither text nor an id to ask for it")
        transcript = self._telnyx.find_transcript(job.transcription_id)
        if transcript is None:
            raise NotArchived(f"Telnyx does not know the transcript {job.transcription_id}")
        if transcript.status not in {"", COMPLETED, IN_PROGRESS}:
            return None
        if transcript.status != COMPLETED:
            raise AudioNotReady(f"Telnyx has not completed the transcript {job.transcription_id}")
        return transcript.text


def _name_of(job: ArchiveJob) -> str:
    return transcript_name(job.call_leg_id, job.kind, job.conversation_id)


def _same_moment(one: str, other: str) -> bool:
    if not one or not other:
        return False
    apart = datetime.fromisoformat(one) - datetime.fromisoformat(other)
    return abs(apart.total_seconds()) < SAME_START_SECONDS
