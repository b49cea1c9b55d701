"""Copies a recording from Telnyx into the bucket, verifies the copy, and closes the ledger entry.

The statuses are `saved → copied → verified`, or `doubtful` if it is probably not the whole recording (completeness.py).
Each is written only once it is true, on condition of the previous one, so that a job that died half-way is continued,
and two simultaneous ones have one result. Audio is written once. The final status is written last, when audio, hash and
metadata are in the bucket.

A doubtful recording is stored and its job is done. If the job is delivered again, by an operator or by Telnyx, the
audio is fetched and verified again; different bytes are stored as a second object, and may make the recording verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.audio import MP3, WAV
from archive.bucket import StoredAudio
from archive.call_details import with_leg
from archive.completeness import doubt, expected, paused_millis
from archive.metadata_mirror import mirror
from archive.retries import NotArchived
from archive.upload import copy_audio
from dialtone.domain.recordings import COPIED, DOUBTFUL, ERASED, EXPECTED, FAILED, KEPT_STATUSES, SAVED, VERIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from archive.audio_source import Origin, Source
    from archive.bucket import RecordingsBucket
    from archive.deadline import Deadline
    from archive.upload import Copied
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.telnyx_api import RecordingInfo
    from dialtone.domain.recordings import ArchiveJob, AudioCopy, Recording

_OPEN = (EXPECTED, SAVED, COPIED, FAILED)
"""Every status that is not in KEPT_STATUSES. `failed` is open: its job may be redriven."""
_NOT_FINAL = (*_OPEN, DOUBTFUL)
"""Every status except `verified`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a job by the queue."""

    receives: int
    """The receive count, from 1."""
    age_seconds: float
    """Age of the job in the queue."""
    deadline: Deadline
    last: bool = False
    """Whether it is the last delivery: then whatever was downloaded is stored."""


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    """A recording in custody."""

    recording: Recording
    already: bool = False
    """It was archived before, or by another process."""
    note: str = ""
    """What could not be found out about it, and why."""


class Custody:
    """Archives recordings."""

    def __init__(
        self, store: CallsTable, bucket: RecordingsBucket, source: Source, is_erased: Callable[[str], bool]
    ) -> None:
        """`is_erased` returns whether a call session was erased.

        It is called before audio becomes visible in the bucket.
        """
        self._store = store
        self._bucket = bucket
        self._source = source
        self._is_erased = is_erased

    def take(self, job: ArchiveJob, delivery: Delivery) -> ArchiveResult:
        """Copy, verify and close. Raises NotArchived, and the errors of Telnyx's API, of the store and of botocore."""
        kept = self._kept(job, delivery)
        if delivery.receives > 1 and kept.recording.audio:
            # An earlier delivery may have died during its upload; S3 would keep the parts.
            self._bucket.abort_unfinished(kept.recording.audio.key)
        return kept

    def _kept(self, job: ArchiveJob, delivery: Delivery) -> ArchiveResult:
        before, note = self._entry(job), ""
        if before.status in (VERIFIED, ERASED):
            return ArchiveResult(before, already=True)
        recording = before
        stored = None if before.content_doubt else self._read_back(before, delivery)
        if stored is None:
            recording, note = self._copied(job, before, delivery)
            if recording.status == VERIFIED:
                return ArchiveResult(recording, already=True)
            stored = self._read_back(recording, delivery)
        _prove(recording, stored)
        mirror(recording, self._store, self._bucket)
        closed = recording._replace(status=DOUBTFUL if recording.content_doubt else VERIFIED, reason="")
        if self._store.mark_recording(closed, was=(COPIED, FAILED)):
            return ArchiveResult(closed, already=_as_it_was(before, closed), note=note)
        return ArchiveResult(self._kept_by_another(job), already=True)

    def tell(self, job: ArchiveJob) -> ArchiveResult:
        """Rewrite the metadata if the recording is archived; otherwise archiving will write it."""
        recording = self._entry(job)
        if recording.status in KEPT_STATUSES:
            mirror(recording, self._store, self._bucket)
        return ArchiveResult(recording, already=True)

    def give_up(self, job: ArchiveJob, reason: str) -> bool:
        """Write to the ledger entry, if any, why the recording was not archived. False if it has been by now."""
        recording = self._store.recording(job.call_session_id, job.recording)
        if recording is None:
            return True
        return self._store.mark_recording(recording._replace(status=FAILED, reason=reason), was=_OPEN)

    def _entry(self, job: ArchiveJob) -> Recording:
        recording = self._store.recording(job.call_session_id, job.recording)
        if recording is None:
            raise NotArchived(f'the ledger has no recording "{job.recording}"')
        return recording

    def _copied(self, job: ArchiveJob, recording: Recording, delivery: Delivery) -> tuple[Recording, str]:
        recording = with_leg(recording, self._store)
        origin = self._source.open(job, recording, delivery.deadline, age_seconds=delivery.age_seconds)
        try:
            copied = copy_audio(
                origin.pieces(),
                self._bucket,
                recording,
                keep_faulty=delivery.last,
                is_refused=lambda: self._is_erased(recording.call_session_id),
            )
        finally:
            origin.audio.close()
        judged = self._judged(recording, origin, copied, delivery)
        if copied.fault:
            raise NotArchived(self._kept_as_it_is(recording, judged, copied.fault))
        if _is_worse(judged, recording):
            judged = recording._replace(status=COPIED)
        if judged._replace(status=FAILED, reason=recording.reason) == recording:
            return recording, origin.note  # an attempt with no new result does not reopen a failed entry
        if self._store.mark_recording(judged, was=_NOT_FINAL):
            return judged, origin.note
        return self._kept_by_another(job), origin.note

    def _judged(self, recording: Recording, origin: Origin, copied: Copied, delivery: Delivery) -> Recording:
        """The entry with the copy, and with any doubt about it."""
        info, audio = origin.info, copied.audio
        doubtful = copied.fault or self._doubt(recording, copied, info)
        if not doubtful and copied.sound.missing_bytes and not origin.audio.says_its_end:
            doubtful = f"it came without a length, and its header promises {copied.sound.missing_bytes} bytes more"
        if doubtful and not copied.fault and info is None:
            # Only the API can confirm that a recording really is this short.
            info, _ = self._source.identified(recording, delivery.deadline)
            doubtful = self._doubt(recording, copied, info) if info else doubtful
        if info is None:
            doubtful = doubtful or recording.content_doubt  # missing details from Telnyx do not remove a doubt
        if audio.duration_millis is None and info:
            audio = audio._replace(duration_millis=info.duration_millis)
        recording_id = recording.recording_id or (info.recording_id if info else "")
        return recording._replace(
            status=COPIED,
            reason="",
            recording_id=recording_id,
            format=copied.format,
            audio=audio,
            content_doubt=doubtful,
        )

    def _doubt(self, recording: Recording, copied: Copied, info: RecordingInfo | None) -> str:
        audio, sound = copied.audio, copied.sound
        doubtful = doubt(sound, copied.format, audio.length_bytes, expected(recording, info))
        if not doubtful:
            return ""
        # The timeline may be long, and few recordings are paused: read it only if audio is missing.
        paused = paused_millis(recording, self._store.timeline(recording.call_session_id))
        if not paused:
            return doubtful
        return doubt(sound, copied.format, audio.length_bytes, expected(recording, info, paused))

    def _kept_as_it_is(self, recording: Recording, faulty: Recording, fault: str) -> str:
        """Store the incomplete result of the last attempt; return the reason for the failure."""
        if recording.audio or not faulty.audio:
            return fault  # the earlier copy is no worse
        self._store.mark_recording(faulty, was=_OPEN)
        mirror(faulty, self._store, self._bucket)
        return f"{fault}; the response is kept at {faulty.audio.key}"

    def _read_back(self, recording: Recording, delivery: Delivery) -> StoredAudio | None:
        return self._bucket.read_back(recording.audio.key, delivery.deadline) if recording.audio else None

    def _kept_by_another(self, job: ArchiveJob) -> Recording:
        recording = self._entry(job)
        if recording.status not in KEPT_STATUSES:
            raise NotArchived(f'the ledger has been changed by another process: it says "{recording.status}" now')
        return recording


def _prove(recording: Recording, stored: StoredAudio | None) -> None:
    """Compare the object in the bucket with the ledger entry."""
    audio = recording.audio
    if audio is None or stored is None:
        raise NotArchived("the copy is no longer in the bucket")
    if stored != StoredAudio(audio.length_bytes, audio.sha256):
        raise NotArchived(
            f"the object at {audio.key} is not the copy: {stored.length_bytes} bytes with SHA-256 "
            f"{stored.sha256}, not {audio.length_bytes} with {audio.sha256}; it is not overwritten"
        )


def _is_worse(judged: Recording, before: Recording) -> bool:
    """Whether the new copy is doubtful like the stored one, and shorter or not audio: then the stored one stays."""
    if not (judged.content_doubt and before.audio and judged.audio):
        return False
    if judged.format not in (MP3, WAV):
        return True
    return (judged.audio.duration_millis or 0) < (before.audio.duration_millis or 0)


def _as_it_was(before: Recording, closed: Recording) -> bool:
    return before.status == closed.status and _without_peaks(before.audio) == _without_peaks(closed.audio)


def _without_peaks(audio: AudioCopy | None) -> AudioCopy | None:
    """The copy without its waveform, which another version of the program may compute differently."""
    return audio and audio._replace(peaks="")
