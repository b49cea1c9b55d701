"""Taking a recording over: from Telnyx into the bucket, proved, and the ledger closed.

The steps are `saved → copied → verified`. Each is written to the ledger only when what it says is true, on condition of
the step before, so that whoever dies on the way is continued and two at once end as one. Audio is written once;
`verified` is written last of all, when audio, proof and metadata are there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.bucket import StoredAudio
from archive.copying import copy_audio
from archive.faults import NotArchived
from archive.mirroring import mirror
from dialtone.recordings import COPIED, EXPECTED, FAILED, SAVED, VERIFIED

if TYPE_CHECKING:
    from archive.bucket import RecordingsBucket
    from archive.deadline import Deadline
    from archive.source import Source
    from dialtone.recordings import ArchiveJob, Recording
    from dialtone.store import Store

_OPEN = (EXPECTED, SAVED, COPIED, FAILED)
"""Every status but `verified`, which is final. A failed one is open: its job may be put back."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a job by its queue."""

    receives: int
    """Which one it is, from 1."""
    age_seconds: float
    """Since the job was put into the queue."""
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording in custody."""

    recording: Recording
    already: bool = False
    """It was before, or somebody else was faster."""
    note: str = ""
    """What could not be learnt about it, and why."""


class Custody:
    """Takes recordings over."""

    def __init__(self, store: Store, bucket: RecordingsBucket, source: Source) -> None:
        self._store = store
        self._bucket = bucket
        self._source = source

    def take(self, job: ArchiveJob, delivery: Delivery) -> Kept:
        """Copy, prove and close. Raises NotArchived, and the errors of Telnyx's API, of the store and of botocore."""
        kept = self._kept(job, delivery)
        if delivery.receives > 1 and kept.recording.audio:
            # An earlier delivery may have died between the parts of its upload, which S3 would keep.
            self._bucket.abort_unfinished(kept.recording.audio.key)
        return kept

    def _kept(self, job: ArchiveJob, delivery: Delivery) -> Kept:
        recording, note = self._entry(job), ""
        if recording.status == VERIFIED:
            return Kept(recording, already=True)
        stored = self._read_back(recording, delivery)
        if stored is None:
            recording, note = self._copied(job, recording, delivery)
            if recording.status == VERIFIED:
                return Kept(recording, already=True)
            stored = self._read_back(recording, delivery)
        _prove(recording, stored)
        mirror(recording, self._store, self._bucket)
        verified = replace(recording, status=VERIFIED, reason="")
        if self._store.mark_recording(verified, was=(COPIED, FAILED)):
            return Kept(verified, note=note)
        return Kept(self._verified_by_another(job), already=True)

    def tell(self, job: ArchiveJob) -> Kept:
        """Write the metadata anew, if the recording is kept already; else it is written once that is so."""
        recording = self._entry(job)
        if recording.status == VERIFIED:
            mirror(recording, self._store, self._bucket)
        return Kept(recording, already=True)

    def give_up(self, job: ArchiveJob, reason: str) -> bool:
        """Say in the ledger, if the job is in it, why its recording is not kept. False if it is kept by now."""
        recording = self._store.recording(job.call_session_id, job.recording)
        if recording is None:
            return True
        return self._store.mark_recording(replace(recording, status=FAILED, reason=reason), was=_OPEN)

    def _entry(self, job: ArchiveJob) -> Recording:
        recording = self._store.recording(job.call_session_id, job.recording)
        if recording is None:
            raise NotArchived(f'the ledger has no recording "{job.recording}"')
        return recording

    def _copied(self, job: ArchiveJob, recording: Recording, delivery: Delivery) -> tuple[Recording, str]:
        recording = self._with_leg(recording)
        origin = self._source.open(job, recording, age_seconds=delivery.age_seconds)
        try:
            audio, audio_format = copy_audio(origin.audio.pieces(delivery.deadline), self._bucket, recording)
        finally:
            origin.audio.close()
        if audio.duration_millis is None and origin.info:
            audio = replace(audio, duration_millis=origin.info.duration_millis or None)
        recording_id = recording.recording_id or (origin.info.recording_id if origin.info else "")
        copied = replace(
            recording, status=COPIED, reason="", recording_id=recording_id, format=audio_format, audio=audio
        )
        if self._store.mark_recording(copied, was=_OPEN):
            return copied, origin.note
        return self._verified_by_another(job), origin.note

    def _read_back(self, recording: Recording, delivery: Delivery) -> StoredAudio | None:
        return self._bucket.read_back(recording.audio.key, delivery.deadline) if recording.audio else None

    def _with_leg(self, recording: Recording) -> Recording:
        """The entry with what the leg's state knows and the entry does not."""
        legs = self._store.legs(recording.call_session_id)
        leg = next((leg for leg in legs if leg.leg_id == recording.call_leg_id), None)
        if leg is None:
            return recording
        return replace(
            recording,
            call_control_id=recording.call_control_id or leg.control_id,
            connection_id=recording.connection_id or leg.connection_id,
            from_number=recording.from_number or leg.from_number,
            to_number=recording.to_number or leg.to_number,
        )

    def _verified_by_another(self, job: ArchiveJob) -> Recording:
        recording = self._entry(job)
        if recording.status != VERIFIED:
            raise NotArchived(f'somebody else has changed the ledger: it says "{recording.status}" now')
        return recording


def _prove(recording: Recording, stored: StoredAudio | None) -> None:
    """Hold what lies in the bucket to what the ledger says was copied."""
    audio = recording.audio
    if audio is None or stored is None:
        raise NotArchived("what was copied is not in the bucket any more")
    if stored != StoredAudio(audio.length_bytes, audio.sha256):
        raise NotArchived(
            f"what lies at {audio.key} is not what was copied: {stored.length_bytes} bytes with SHA-256 "
            f"{stored.sha256}, not {audio.length_bytes} with {audio.sha256}; nothing is written over it"
        )
