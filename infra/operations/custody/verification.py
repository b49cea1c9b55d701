"""Compares the bucket with the ledger: each object is read and hashed.

A recording that is not in custody yet, or failed without any audio, has nothing that could differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from dialtone.domain.erasure import Receipt, receipt_key
from dialtone.domain.recordings import KEPT_STATUSES, Recording
from infra.operations.custody.expected_objects import Promise, agrees, promises
from infra.operations.custody.ledger import Ledger
from infra.operations.custody.objects import Digest, Objects, Unreadable, digest_of
from infra.operations.custody.retention import Retention

GONE = "is not in the bucket"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as the ledger says."""

    recording: str
    call_session_id: str
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key or self.recording}: {self.problem}; {self.remedy}"


@dataclass(slots=True)
class Tally:
    """How far a verification has come."""

    checked: int = 0
    """Recordings."""
    read_bytes: int = 0
    expired: int = 0
    """Recordings of which something is gone, after the time for which they were to be kept."""
    pending: int = 0
    """Recordings without audio: expected, on their way, or failed."""
    findings: list[Finding] = field(default_factory=list)

    def to_json(self) -> Mapping[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Tally:
        """What `to_json` gave. Raises TypeError and KeyError for anything else."""
        findings = [Finding(**each) for each in stored["findings"]]
        return cls(**{**stored, "findings": findings})


@dataclass(frozen=True, slots=True)
class Verification:
    """Verifies recordings, one after the other."""

    ledger: Ledger
    objects: Objects
    retention: Retention
    now: datetime

    def check(self, recording: Recording, tally: Tally) -> None:
        """Add what comes of a recording. Raises botocore's errors: then nothing is known of it."""
        if recording.audio is None:
            if recording.status in KEPT_STATUSES:
                tally.checked += 1
                tally.findings.append(_without_audio(recording))
            else:
                tally.pending += 1
            return
        findings = list(self._compared(recording, tally))
        if findings and (now := self.ledger.calls.recording(recording.call_session_id, recording.name)) != recording:
            # It has changed while it was read: a transcript came, or its audio was fetched again.
            findings = list(self._compared(now, tally)) if now else []
        if findings and all(each.problem == GONE for each in findings) and self.retention.is_over(recording, self.now):
            tally.expired += 1
            return
        tally.checked += 1
        tally.findings += findings

    def _compared(self, recording: Recording, tally: Tally) -> Iterator[Finding]:
        for promise in promises(recording):
            problem = remedy = ""
            try:
                content = None if promise.sha256 else self.objects.content(promise.key)
                digest = self.objects.digest(promise.key) if promise.sha256 else digest_of(content)
            except Unreadable as why:
                problem, remedy = str(why), "see to the bucket's policy, its key and your permissions, and verify again"
            else:
                tally.read_bytes += digest.length_bytes if digest else 0
                right = agrees(content, recording) if content else digest and digest.sha256 == promise.sha256
                if not right:
                    problem, remedy = _problem(promise, digest), self._remedy(recording, promise)
            if problem:
                yield Finding(recording.name, recording.call_session_id, promise.key, problem, remedy)

    def _remedy(self, recording: Recording, promise: Promise) -> str:
        try:
            version = self.objects.version_with(promise.key, promise.sha256) if promise.sha256 else ""
        except Unreadable:
            version = ""
        if version:
            return f"its version {version} has the right bytes: restore it with `aws s3api copy-object`"
        if not promise.sha256:
            return f"rewrite it: `dialtone recordings redrive {recording.name}`"
        return "no version matches: restore it from a backup of the bucket, or from Telnyx while it still has it"


def leftovers(receipts: Iterable[Receipt], objects: Objects) -> Iterator[Finding]:
    """Objects of erased calls: written while the calls were being erased."""
    for receipt in receipts:
        left = sum(1 for folder in receipt.folders for _ in objects.versions(folder))
        if left or not receipt.finished_at:
            problem = f"was erased, and {left} versions of objects are here" if left else "was not erased to the end"
            session = receipt.call_session_id
            remedy = f"`dialtone recordings erase --session {session}` again"
            yield Finding("", session, receipt_key(session), problem, remedy)


def _problem(promise: Promise, digest: Digest | None) -> str:
    if digest is None:
        return GONE
    if not promise.sha256:
        return "differs from the ledger"
    return f"holds {digest.length_bytes} bytes with SHA-256 {digest.sha256}, not {promise.sha256}"


def _without_audio(recording: Recording) -> Finding:
    return Finding(
        recording.name,
        recording.call_session_id,
        "",
        f"is {recording.status} in the ledger, which names no audio",
        f"fetch it again: `dialtone recordings redrive {recording.name}`",
    )
