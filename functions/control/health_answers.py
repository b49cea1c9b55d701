"""What `GET /health` answers, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from control.answers import MOMENT, Answer


class RingingAlarm(Answer):
    """An alarm of the stack that is on."""

    name: str = Field(description="Without the stack's name: `api-5xx`.")
    since: str | None = Field(description=MOMENT)
    affects_callers: bool
    means: str = Field(description="What it means, and what callers notice.")
    first: str = Field(description="What to do first.")
    measured: str = Field(description="What CloudWatch saw, and from where on it rings.")
    sends: bool = Field(description="Whether it sends its e-mails: somebody may have switched its actions off.")
    runbook: str = Field(description="Its section in Dialtone's own folder.")
    runbook_url: str | None = Field(description="The same, where the stack's parameter `RunbooksUrl` says where.")


class Alarms(Answer):
    """The alarms of the stack."""

    watched: int
    ringing: list[RingingAlarm] = Field(description="Those by which callers suffer first.")
    without_data: list[str] = Field(
        description="Those that CloudWatch cannot judge. A new stack has them for minutes; later they ring for nobody."
    )


class UnverifiedRecording(Answer):
    """A recording that is not verified in the bucket yet."""

    id: str = Field(description="For `GET /recordings/{id}`.")
    call_session_id: str
    status: str = Field(description="expected, saved or copied.")
    since: str = Field(description=f"When it ended, or was asked for where that is not known. {MOMENT}")
    is_late: bool = Field(description="Whether it should have been verified by now.")


class Custody(Answer):
    """Recordings that are not settled in the ledger."""

    oldest_unverified: UnverifiedRecording | None
    unverified: dict[str, int] = Field(description="Status → recordings, those that are being made included.")
    awaiting_transcript: int
    is_whole: bool = Field(description="Whether all of them were looked at.")


class Move(Answer):
    """The last time that SQS moved a queue's messages back."""

    status: str = Field(description="RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.")
    moved: int = Field(description="About how many.")
    of: int | None = Field(description="About how many there were.")
    began_at: str | None = Field(description=MOMENT)
    why: str | None = Field(description="Why it failed.")


class Queue(Answer):
    """A queue of the stack."""

    name: str
    means: str = Field(description="What a message in it is.")
    is_dead_letters: bool = Field(description="Whether messages are in it that were given up.")
    messages: int | None = Field(description="About how many wait in it; null if that could not be read.")
    in_flight: int | None = Field(description="About how many somebody works at.")
    delayed: int | None = Field(description="About how many are there for later.")
    oldest_at: str | None = Field(description=f"Since when the oldest waits; null where it is not known. {MOMENT}")
    can_redrive: bool = Field(description="Whether `POST /health/queues/{name}/redrive` puts its messages back.")
    move: Move | None = Field(description="null where SQS has never moved them.")
    command: str | None = Field(description="What does so in a shell, or empties a queue that is of no use any more.")
    runbook: str | None
    runbook_url: str | None


class Redrive(Answer):
    """Somebody has put messages back."""

    at: str = Field(description=MOMENT)
    by: str = Field(description="The signed-in person or IAM role.")
    queue: str


class Redriven(Redrive):
    """What became of a redrive."""

    put_back: int = Field(description="Messages that are back, or of which the events are sent again.")
    is_moving: bool = Field(description="Whether SQS moves them from now on: `GET /health` has how many in `move`.")
    is_finished: bool = Field(description="Whether all were looked at; if not, and none moves, ask again for the rest.")
    notes: list[str] = Field(description="On each message that stays: why, and what to do.")


class Parked(Answer):
    """Webhooks that failed by a fault of ours, and wait in a bucket to be run again."""

    events: int
    is_whole: bool = Field(description="Whether these are all.")
    oldest_at: str | None = Field(description=f"When the oldest of them was parked. {MOMENT}")
    command: str = Field(description="What runs them again.")


class Unread(Answer):
    """What could not be read."""

    part: Literal["alarms", "recordings", "queues", "ages", "parked", "redrives"]
    message: str


class Health(Answer):
    """How a stack is."""

    stack: str
    is_well: bool = Field(description="Whether everything was read, and nothing needs anybody.")
    sentences: list[str] = Field(description="What is wrong, and what could not be read, the most urgent first.")
    alarms: Alarms | None = Field(description="null if they could not be read, as the others.")
    recordings: Custody | None
    queues: list[Queue]
    parked: Parked | None
    redrives: list[Redrive] | None = Field(description="The last ones, the newest first.")
    unread: list[Unread]
