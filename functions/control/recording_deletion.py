"""`DELETE /recordings/{id}`: deletes a recording permanently, with every version in the bucket, and at Telnyx.

Every step is idempotent. The audit item comes first, with all that the later steps need, so the next request finishes
one that died half-way. The bucket comes before Telnyx, because a recording under legal hold must be kept in both. The
bucket is cleared again at the end: the archive may have been writing until the ledger entry said `erased`.
"""

from __future__ import annotations

from datetime import UTC
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from control.audit import DELETED, AuditItem
from control.problems import Refused, not_found
from control.recording_answers import place_of
from dialtone.domain.object_keys import object_key
from dialtone.domain.recordings import ERASED, OPEN_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from control.audit import AuditTrail
    from control.bucket import RecordingsBucket
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.recordings import Recording

FORBIDDEN = "AccessDenied"
"""S3's answer for a version that is locked, or under legal hold."""


class Telnyx(Protocol):
    """The part of Telnyx's API that is used. All methods raise TelnyxRefused and TelnyxUnavailable."""

    def transcriptions_of(self, recording_id: str) -> tuple[str, ...]:
        """The ids of a recording's transcriptions."""
        ...

    def delete_recording(self, recording_id: str) -> bool:
        """Delete a recording permanently."""
        ...

    def delete_transcription(self, transcription_id: str) -> bool:
        """Delete a transcription permanently."""
        ...


class Deleting:
    """Deletes recordings, if the stack's parameter RecordingDeletion is on."""

    def __init__(  # noqa: PLR0913 -- what it stands between
        self,
        store: CallsTable,
        bucket: RecordingsBucket,
        telnyx: Telnyx,
        audit: AuditTrail,
        now: Callable[[], datetime],
        *,
        allowed: bool,
    ) -> None:
        self._store = store
        self._bucket = bucket
        self._telnyx = telnyx
        self._audit = audit
        self._now = now
        self._allowed = allowed

    def may(self, recording: Recording) -> bool:
        """Whether the recording can be deleted; only S3 knows of a legal hold."""
        return self._allowed and recording.status not in {*OPEN_STATUSES, ERASED}

    def delete(self, identifier: str, by: str, request_id: str) -> AuditItem:
        """Delete a recording; return the first deletion's audit item.

        Raises Refused, TelnyxRefused, TelnyxUnavailable.
        """
        if not self._allowed:
            message = "Deleting recordings is switched off: set the stack's parameter RecordingDeletion to enable it."
            raise Refused(HTTPStatus.FORBIDDEN, "deletion_is_off", message)
        session, name = place_of(identifier)
        recording = self._store.recording(session, name) if session and name else None
        if recording is None:
            raise not_found("recording", identifier)
        if recording.status in OPEN_STATUSES:
            message = "The recording is still expected or being archived: delete it once it is settled."
            raise Refused(HTTPStatus.CONFLICT, "not_settled", message)
        noted = next((each for each in self._audit.of(session) if (each.did, each.recording) == (DELETED, name)), None)
        if noted is None and recording.status == ERASED:
            raise not_found("recording", identifier)  # already deleted, when its call was erased
        if noted is None:
            at = self._now().astimezone(UTC).isoformat()
            files = object_key(recording, "")
            noted = AuditItem(at, by, DELETED, name, files=files, recording_id=recording.recording_id)
            self._audit.note(session, noted, request_id)
        self._empty(noted.files)
        self._delete_at_telnyx(noted.recording_id)
        if recording.status != ERASED:
            self._store.mark_recording(recording.erased(), was=(recording.status,))
        self._empty(noted.files)
        return noted

    def _empty(self, files: str) -> None:
        try:
            self._bucket.delete_all(files)
        except ClientError as error:
            if error.response["Error"]["Code"] != FORBIDDEN:
                raise
            message = "The recording is locked or under legal hold: `dialtone recordings release` it first."
            raise Refused(HTTPStatus.CONFLICT, "held", message) from error

    def _delete_at_telnyx(self, recording_id: str) -> None:
        """Transcriptions first: they are found through their recording."""
        if recording_id:
            for each in self._telnyx.transcriptions_of(recording_id):
                self._telnyx.delete_transcription(each)
            self._telnyx.delete_recording(recording_id)
