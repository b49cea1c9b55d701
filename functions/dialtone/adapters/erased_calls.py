"""Calls that were erased: whatever comes of one later is refused, and deleted at Telnyx."""

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
    """What is needed of Telnyx's API. All raise TelnyxRefused and TelnyxUnavailable."""

    def recordings_of(self, call_session_id: str) -> tuple[RecordingInfo, ...]:
        """Every recording of a phone call."""
        ...

    def transcriptions_of(self, recording_id: str) -> tuple[str, ...]:
        """The ids of a recording's transcriptions."""
        ...

    def delete_recording(self, recording_id: str) -> bool:
        """Delete a recording for good."""
        ...

    def delete_transcription(self, transcription_id: str) -> bool:
        """Delete a transcription for good."""
        ...

    def delete_conversation(self, conversation_id: str) -> bool:
        """Delete a conversation with an assistant for good."""
        ...


class ErasedCalls:
    """The receipts in the recordings bucket, and what follows from them. Methods raise botocore's errors."""

    def __init__(self, client: S3Client, bucket: str, store: CallsTable, telnyx: Telnyx) -> None:
        self._client = client
        self._bucket = bucket
        self._store = store
        self._telnyx = telnyx

    def has(self, call_session_id: str) -> bool:
        """Whether a call was erased. S3 says so only to those who may list the bucket; to others it answers 403."""
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
        """Delete what Telnyx has of an erased call, and note the ledger's entries as erased; gives those that were not.

        Raises TelnyxRefused and TelnyxUnavailable, too: then it has to be done again.
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
    """Delete what Telnyx has of a call's recordings; gives how many recordings and transcriptions there were.

    Transcriptions go first: they are found by their recording, which a process that dies in between finds again.
    Raises TelnyxRefused and TelnyxUnavailable.
    """
    recordings = transcriptions = 0
    ids = {*recording_ids} | _listed(telnyx, call_session_id)
    while ids:
        for recording_id in sorted(ids):
            transcribed = telnyx.transcriptions_of(recording_id)
            transcriptions += sum(telnyx.delete_transcription(each) for each in transcribed)
        deleted = sum(telnyx.delete_recording(each) for each in sorted(ids))
        recordings += deleted
        # It lists so many at once, and may list for a while what is deleted already.
        ids = _listed(telnyx, call_session_id) if deleted else set()
    return recordings, transcriptions


def _listed(telnyx: Telnyx, call_session_id: str) -> set[str]:
    """Of no other call, whatever Telnyx lists: what is deleted is deleted for good."""
    listed = telnyx.recordings_of(call_session_id)
    return {each.recording_id for each in listed if each.call_session_id == call_session_id} - {""}
