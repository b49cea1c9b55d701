"""Keeps the metadata in the bucket consistent with the ledger entry and the call's outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.metadata import metadata
from archive.retries import NotArchived
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import ERASED

if TYPE_CHECKING:
    from archive.bucket import RecordingsBucket
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.recordings import Recording

TRIES = 5
"""An entry changes two or three times in its life; one that changes at every read is faulty."""


def mirror(recording: Recording, store: CallsTable, bucket: RecordingsBucket) -> None:
    """Write the metadata, and again if the ledger changed meanwhile.

    The last writer has read the ledger unchanged after its write, so a slow process cannot leave old metadata. Raises
    NotArchived and botocore's errors.
    """
    for _ in range(TRIES):
        written = metadata(recording, store.leg(recording.call_session_id, recording.call_leg_id))
        bucket.put(object_key(recording, "json"), written, "application/json", recording.retention_days)
        now = store.recording(recording.call_session_id, recording.name)
        if now is None or now.status == ERASED:
            return
        if metadata(now, store.leg(now.call_session_id, now.call_leg_id)) == written:
            return
        recording = now
    raise NotArchived("its ledger entry keeps changing while its metadata is written")
