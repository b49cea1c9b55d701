"""Puts the archive's jobs back on its queue: those that were given up, and those of entries that are stuck.

A job may be put twice, the archive does it once. So a message is removed from the dead-letter queue after its job is on
the queue: who is interrupted in between runs the same again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from control.archive_dead_letters import ArchiveDeadLetters, put_back
from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.domain.errors import DialtoneError
from dialtone.domain.recordings import COPIED, EXPECTED, SAVED, VERIFIED, ArchiveJob, Recording
from infra.operations.custody.ledger import Ledger

STUCK_SECONDS = 300
"""Since a recording's end: as long as a try of the archive may take. Before that its job is on its way."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """Puts jobs back."""

    ledger: Ledger
    dead_letters: ArchiveDeadLetters
    queue: ArchiveQueue

    def given_up(self) -> Iterator[ArchiveJob | None]:
        """The jobs of the dead-letter queue, each put back; None for a message that is no job, which stays there."""
        return put_back(self.dead_letters, self.queue)

    def stuck(self, now_seconds: float) -> Iterator[Recording]:
        """The entries that say saved or copied for minutes, each queued again."""
        for recording in self.ledger.entries():
            if recording.status in (SAVED, COPIED) and _ended(recording) + STUCK_SECONDS <= now_seconds:
                self.queue.put(audio_job(recording))
                yield recording

    def named(self, name: str) -> Iterator[Recording]:
        """The recordings of that name or session, each queued again, whatever became of it.

        Of a verified one its metadata is written again; of any other the audio is fetched again. Raises DialtoneError.
        """
        for recording in self.ledger.named(name):
            if recording.status == EXPECTED:
                raise DialtoneError(
                    f"{recording.name} is expected: Telnyx has not reported it. The sweep asks for it every few minutes"
                )
            job = audio_job(recording)
            self.queue.put(job._replace(kind="metadata") if recording.status == VERIFIED else job)
            yield recording


def audio_job(recording: Recording) -> ArchiveJob:
    """The job that fetches a recording's audio, whose address Telnyx is asked for."""
    return ArchiveJob(
        kind="audio",
        call_session_id=recording.call_session_id,
        call_leg_id=recording.call_leg_id,
        recording=recording.name,
        recording_id=recording.recording_id,
    )


def _ended(recording: Recording) -> float:
    return datetime.fromisoformat(recording.ended_at or recording.requested_at).timestamp()
