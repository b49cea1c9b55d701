"""The ledger of transcripts without a recording: of live transcription, and of voice agents' conversations. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from dialtone.domain.recordings import EXPECTED, FIRST_LOOK_SECONDS, TALK, VERIFIED, WORDS, ArchiveJob
from dialtone.domain.redaction import redacted_text
from dialtone.domain.stored_records import restored

KINDS = (WORDS, TALK)
"""The kinds of archive jobs that store such a text."""


@dataclass(frozen=True, slots=True)
class LiveTranscript:
    """One ledger entry: a text that is stored, or will be. It contains none of the words."""

    call_session_id: str
    call_leg_id: str
    kind: str
    """WORDS or TALK."""
    requested_at: str
    """When there was something to store, in ISO 8601. A sentence that comes after the end sets a new time."""
    conversation_id: str = ""
    """For TALK: Telnyx's id of the conversation."""
    status: str = EXPECTED
    """EXPECTED, VERIFIED once S3 has stored it with its SHA-256, or FAILED."""
    reason: str = ""
    key: str = ""
    length_bytes: int = 0
    sha256: str = ""
    """In hexadecimal."""

    @classmethod
    def expected_by(cls, jobs: Sequence[ArchiveJob], at: str) -> Iterator[LiveTranscript]:
        """The entries of the texts that these jobs will store."""
        for each in jobs:
            if each.kind in KINDS:
                yield cls(each.call_session_id, each.call_leg_id, each.kind, at, each.conversation_id)

    @property
    def name(self) -> str:
        """Known before the text is stored: the leg, the kind and, for a conversation, its id."""
        return transcript_name(self.call_leg_id, self.kind, self.conversation_id)

    @property
    def first_look_seconds(self) -> int | None:
        """When the sweep first checks whether the text is stored, in unix seconds; None if the entry is settled."""
        if self.status != EXPECTED:
            return None
        return int(datetime.fromisoformat(self.requested_at).timestamp()) + FIRST_LOOK_SECONDS

    @property
    def job(self) -> ArchiveJob:
        """The job that stores the text. It carries no words: a conversation's are fetched from Telnyx."""
        return ArchiveJob(self.kind, self.call_session_id, self.call_leg_id, conversation_id=self.conversation_id)

    def kept_as(self, key: str, length_bytes: int, sha256: str) -> LiveTranscript:
        """The entry once the text is in the bucket."""
        return replace(self, status=VERIFIED, reason="", key=key, length_bytes=length_bytes, sha256=sha256)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, for the store."""
        return {**asdict(self), "reason": redacted_text(self.reason)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LiveTranscript | None:
        """The entry that `to_json` gave, in any version of the program; None for the remains of an erased one."""
        return restored(cls, stored) if stored.get("kind") else None


def transcript_name(call_leg_id: str, kind: str, conversation_id: str) -> str:
    """The name of an entry."""
    return "-".join(filter(None, (call_leg_id, kind, conversation_id)))
