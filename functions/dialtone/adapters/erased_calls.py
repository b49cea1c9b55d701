"""Erased calls: recordings that arrive later are refused, and deleted at Telnyx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from dialtone.domain.erasure import receipt_key
from dialtone.domain.recordings import ERASED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3 import S3Client

    from dialtone.adapters.calls_table import CallsTable
    from dialtone.adapters.telnyx_api import RecordingInfo
    from dialtone.domain.recordings import Recording


class Telnyx(Protocol):
    """The part of Telnyx's API that is used. All methods raise TelnyxRefused and TelnyxUnavailable."""

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """Every recording of a phone call."""
        ...

    def transcriptions_of(self, recording_id: str) -> tuple[str, ...]:
        """The ids of a recording's transcriptions."""
        ...

    def delete_recording(self, recording_id: str) -> bool:
        """Delete a recording permanently."""
        ...

    def delete_transcription(self, transcription_id: str) -> bool:
        """Delete a transcription permanently."""
        ...

    def delete_conversation(self, conversation_id: str) -> bool:
        """Delete a conversation with an assistant permanently."""
        ...


class ErasedCalls:
    """Reads the receipts in the recordings bucket and enforces them. Methods raise botocore's errors."""

    def __init__(self, client: S3Client, bucket: str, store: CallsTable, telnyx: Telnyx) -> None:
        self._client = client
        self._bucket = bucket
        self._store = store
        self._telnyx = telnyx

    def has(self, call_session_id: str) -> bool:
        """Whether a call was erased. Needs permission to list the bucket; otherwise S3 answers 403."""
        try:
            self._client.head_object(Bucket=self._bucket, Key=receipt_key(call_session_id))
        except ClientError as error:
            if error.response["Error"].get("Code") == "404":
                return False
            raise
        return True

    def refuse(
        self, call_session_id: str, recording_ids: Iterable[str] = (), conversation_ids: Iterable[str] = ()
    ) -> tuple[Recording, ...]:
        """Delete Telnyx's recordings of an erased call and mark its ledger entries as erased.

        Return the entries changed. Raises TelnyxRefused and TelnyxUnavailable, too; then it must be repeated.
        """
        entries = [each for each in self._store.recordings(call_session_id) if each.status != ERASED]
        known = {each.recording_id for each in entries} | {*recording_ids}
        delete_at_telnyx(self._telnyx, call_session_id, known - {""})
        for conversation_id in filter(None, conversation_ids):
            self._telnyx.delete_conversation(conversation_id)
        for entry in entries:
            self._store.mark_recording(entry.erased(), was=(entry.status,))
        return tuple(entries)


def delete_at_telnyx(telnyx: Telnyx, call_session_id: str, recording_ids: Iterable[str]) -> tuple[int, int]:
    """Delete a call's recordings and transcriptions at Telnyx; return their numbers.

    Transcriptions first: they are found through their recording, also after a crash in between. Raises TelnyxRefused
    and TelnyxUnavailable.
    """
    recordings = transcriptions = 0
    ids = {*recording_ids} | _listed(telnyx, call_session_id)
    while ids:
        for recording_id in sorted(ids):
            transcribed = telnyx.transcriptions_of(recording_id)
            transcriptions += sum(telnyx.delete_transcription(each) for each in transcribed)
        deleted = sum(telnyx.delete_recording(each) for each in sorted(ids))
        recordings += deleted
        # A list has a limited size, and may include deleted ones for a while.
        ids = _listed(telnyx, call_session_id) if deleted else set()
    return recordings, transcriptions


def _listed(telnyx: Telnyx, call_session_id: str) -> set[str]:
    """Filter by call, whatever Telnyx lists: deletion is permanent."""
    listed = telnyx.recordings_of(call_session_id)
    return {each.recording_id for each in listed if each.call_session_id == call_session_id} - {""}
