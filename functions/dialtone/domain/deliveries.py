"""Deliveries: who gets a message once its recording is archived, and whether it is sent now. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from dialtone.domain.recordings import DELETED, KEPT_STATUSES, SUPERSEDED
from dialtone.domain.stored_records import restored

if TYPE_CHECKING:
    from dialtone.domain.calls import Call
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.recordings import Recording

TRANSCRIPT_SECONDS = 300
"""How long a message waits for the transcript that was requested; most arrive within a minute."""

DECISION_SECONDS = 4 * 3_600
"""How long it waits for a caller who may still decide about it: no call lasts longer."""

LOOK_AGAIN_SECONDS = 20
"""How often it is checked whether the caller has decided or hung up."""


EVERY_TARGET = ""
"""For a job that stands for all targets of its recording."""


class Verdict(NamedTuple):
    """Whether to send a delivery now, later or never."""

    do: Literal["send", "wait", "drop"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryJob:
    """One message to one target, as the queue carries it."""

    call_session_id: str
    recording: str
    """The ledger entry's name."""
    target: str
    """The target's key, or EVERY_TARGET."""
    since: int
    """When the recording was found to be archived, in unix seconds."""

    def to_json(self) -> str:
        """As the message's body."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, body: str) -> DeliveryJob:
        """The job that `to_json` gave. Raises ValueError or TypeError for anything else."""
        stored = json.loads(body)
        if not isinstance(stored, dict):
            raise TypeError(f"a job is an object, not {type(stored).__name__}")
        job = restored(cls, stored)
        texts = (job.call_session_id, job.recording, job.target)
        if not all(isinstance(each, str) for each in texts) or not isinstance(job.since, int):
            raise TypeError("a job's fields are texts, and its time a number")
        return job

    @property
    def id(self) -> str:
        """The same however often it is delivered, so that receivers can recognise duplicates."""
        text = f"{self.call_session_id}\n{self.recording}\n{self.target}"
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]


def became_due(before: Recording | None, after: Recording) -> tuple[DeliveryTarget, ...]:
    """The targets for which a message became due by this change of its entry.

    It was archived, or got targets. A transcript that arrives, and the caller's decision, count too: they end a wait.
    """
    if after.status not in KEPT_STATUSES or not after.deliver:
        return ()
    news = before is None or any(
        getattr(before, name) != getattr(after, name) for name in ("status", "deliver", "transcript", "review")
    )
    return after.deliver if news else ()


def first_delay_seconds(recording: Recording) -> int:
    """How long after it is due a delivery is first attempted."""
    return TRANSCRIPT_SECONDS if recording.awaits_transcript else 0


def verdict(recording: Recording | None, leg: Call | None, waited_seconds: float) -> Verdict:
    """Whether a message is sent now. It waits for the caller's decision and for a transcript that may still come."""
    if recording is None:
        return Verdict("drop", "its recording is gone")
    if recording.status not in KEPT_STATUSES:
        return Verdict("drop", f"its recording is {recording.status}")
    if recording.review in {DELETED, SUPERSEDED}:
        return Verdict("drop", f"the caller has it {recording.review}")
    if not recording.review and _may_decide(recording, leg) and waited_seconds < DECISION_SECONDS:
        return Verdict("wait", "the caller may still decide about it")
    if recording.awaits_transcript and waited_seconds < TRANSCRIPT_SECONDS:
        return Verdict("wait", "its transcript may still come")
    return Verdict("send")


def _may_decide(recording: Recording, leg: Call | None) -> bool:
    """Whether the call is still in the step that recorded it, so that the caller may yet decide."""
    return leg is not None and not leg.ended_at and bool(recording.step) and leg.step == recording.step
