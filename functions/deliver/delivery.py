"""One delivery: checked against the ledger, claimed, sent, and marked as done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from deliver.mail import MAX_ATTACHED_BYTES
from deliver.retries import NotDelivered
from deliver.wording import Message, link_to
from dialtone.domain.deliveries import LOOK_AGAIN_SECONDS, verdict
from dialtone.domain.delivery_targets import ATTACHED, CHAT, EMAIL

if TYPE_CHECKING:
    from deliver.bucket import Objects
    from deliver.chat import Chat
    from deliver.claims import Claims
    from deliver.mail import Mail
    from dialtone.adapters.calls_table import CallsTable
    from dialtone.domain.deliveries import DeliveryJob
    from dialtone.domain.delivery_targets import DeliveryTarget
    from dialtone.domain.recordings import Recording


class Result(NamedTuple):
    """The result of an attempt."""

    what: Literal["delivered", "already", "dropped", "wait"]
    why: str = ""
    again_seconds: int = 0
    """For one that waits: seconds until the next check."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Delivers messages to people."""

    store: CallsTable
    objects: Objects
    claims: Claims
    mail: Mail
    chat: Chat
    links_url: str
    """URL of the pages that show recordings to signed-in users."""

    def jobs(self, job: DeliveryJob) -> tuple[DeliveryJob, ...]:
        """One job for each target of the recording. Raises the errors of reading its entry."""
        recording = self.store.recording(job.call_session_id, job.recording)
        return tuple(replace(job, target=each.key) for each in (recording.deliver if recording else ()))

    def deliver(self, job: DeliveryJob, now_seconds: float) -> Result:
        """Send it if it is due. Raises NotDelivered, DialtoneError and botocore's errors."""
        recording = self.store.recording(job.call_session_id, job.recording)
        leg = self.store.leg(recording.call_session_id, recording.call_leg_id) if recording else None
        judged = verdict(recording, leg, now_seconds - job.since)
        target = next((each for each in recording.deliver if each.key == job.target), None) if recording else None
        if judged.do == "drop" or recording is None or target is None:
            return Result("dropped", judged.why or "its recording is not for that target any more")
        if judged.do == "wait":
            return Result("wait", judged.why, LOOK_AGAIN_SECONDS)
        claim = self.claims.take(job, now_seconds)
        if claim == "done":
            return Result("already")
        if claim == "held":
            raise NotDelivered("another process is at it, or died at it")
        try:
            transcript = self.objects.transcript(recording.transcript) if recording.transcript else ""
            self._send(job, target, Message(recording, leg, transcript, link_to(recording, self.links_url)))
        except NotDelivered as failed:
            if not failed.may_have_it:
                self.claims.release(job)
            raise
        self.claims.done(job)
        return Result("delivered")

    def _send(self, job: DeliveryJob, target: DeliveryTarget, message: Message) -> None:
        if target.kind == EMAIL:
            audio, note = self._audio(target, message.recording)
            self.mail.send(target.to, message, job.id, audio, note)
        elif target.kind == CHAT:
            self.chat.send(target.to, message, job.id)
        else:
            raise NotDelivered(f"this version of the program cannot deliver by {target.kind}: deploy the newer one")

    def _audio(self, target: DeliveryTarget, recording: Recording) -> tuple[bytes, str]:
        """The attachment, and what the e-mail says about it."""
        copy = recording.audio
        if copy is None:
            return b"", "There is no audio."
        if target.audio != ATTACHED:
            return b"", "The audio is not attached."
        if copy.length_bytes > MAX_ATTACHED_BYTES:
            return b"", f"The audio has {copy.length_bytes / 1_000_000:.1f} MB, which is too long to be attached."
        content = self.objects.audio(copy)
        return content, "The audio is attached." if content else "The audio has expired."
