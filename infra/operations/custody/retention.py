"""How long a recording is kept: as its flow says, and no longer than the bucket keeps any. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dialtone.domain.recordings import Recording
from infra.operations.custody.selection import began_at


@dataclass(frozen=True, slots=True)
class Retention:
    """The retention of one bucket."""

    bucket_days: int
    """After which its rules delete every recording; 0 for never."""

    def days(self, recording: Recording) -> int:
        """For how many days a recording is kept; 0 for ever."""
        return min(filter(None, (recording.retention_days, self.bucket_days)), default=0)

    def is_over(self, recording: Recording, now: datetime) -> bool:
        """Whether that time has passed since its end: S3 counts from when it was stored, which is later."""
        days = self.days(recording)
        ended = datetime.fromisoformat(recording.ended_at) if recording.ended_at else began_at(recording)
        return bool(days) and now >= ended + timedelta(days=days)
