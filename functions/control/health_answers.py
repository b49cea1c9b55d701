"""The response models of `GET /health`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from control.answers import MOMENT, Answer


class RingingAlarm(Answer):
    """An alarm of the stack in state ALARM."""

    name: str = Field(description="Without the stack's name: `api-5xx`.")
    since: str | None = Field(description=MOMENT)
    affects_callers: bool
    means: str = Field(description="What the alarm means, and what callers notice.")
    first: str = Field(description="What to do first.")
    measured: str = Field(description="What CloudWatch measured, and the threshold.")
    sends: bool = Field(description="Whether it sends e-mail: its actions may have been disabled in CloudWatch.")
    runbook: str = Field(description="The path of its runbook section in Dialtone's repository.")
    runbook_url: str | None = Field(
        description="The URL of that section, if the stack's parameter `RunbooksUrl` is set."
    )


class Alarms(Answer):
    """The alarms of the stack."""

    watched: int
    ringing: list[RingingAlarm] = Field(description="Alarms in state ALARM; those that affect callers come first.")
    without_data: list[str] = Field(
        description="Alarms without data. Normal in the first minutes of a stack; later such an alarm cannot fire."
    )


class UnverifiedRecording(Answer):
    """A recording that is not verified in the bucket yet."""

    id: str = Field(description="For `GET /recordings/{id}`.")
    call_session_id: str
    status: str = Field(description="expected, saved or copied.")
    since: str = Field(description=f"When the recording ended; if not known, when it was requested. {MOMENT}")
    is_late: bool = Field(description="Whether it should have been verified by now.")


class Custody(Answer):
    """Recordings that are not settled in the ledger."""

    oldest_unverified: UnverifiedRecording | None
    unverified: dict[str, int] = Field(description="Number of recordings by status, including those in progress.")
    awaiting_transcript: int
    is_whole: bool = Field(description="Whether all of them were read.")


class Move(Answer):
    """The latest SQS message move task of a queue."""

    status: str = Field(description="RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.")
    moved: int = Field(description="Approximate number of messages moved.")
    of: int | None = Field(description="Approximate number of messages to move.")
    began_at: str | None = Field(description=MOMENT)
    why: str | None = Field(description="Why it failed.")


class Queue(Answer):
    """A queue of the stack."""

    name: str
    means: str = Field(description="What a message in it is.")
    is_dead_letters: bool = Field(description="Whether it is a dead-letter queue.")
    messages: int | None = Field(description="Approximate number of waiting messages; null if it could not be read.")
    in_flight: int | None = Field(description="Approximate number of messages in flight.")
    delayed: int | None = Field(description="Approximate number of delayed messages.")
    oldest_at: str | None = Field(description=f"When the oldest message was queued; null if not known. {MOMENT}")
    can_redrive: bool = Field(description="Whether `POST /health/queues/{name}/redrive` can redrive its messages.")
    move: Move | None = Field(description="null if SQS has never moved its messages.")
    command: str | None = Field(
        description="The shell command that redrives it, or purges messages that are of no more use."
    )
    runbook: str | None
    runbook_url: str | None


class Redrive(Answer):
    """One redrive of a queue, and who did it."""

    at: str = Field(description=MOMENT)
    by: str = Field(description="The signed-in person or IAM role.")
    queue: str


class Redriven(Redrive):
    """The result of a redrive."""

    put_back: int = Field(description="Number of messages put back, or whose events are being resent.")
    is_moving: bool = Field(
        description="Whether SQS now moves the messages; `move` in `GET /health` shows its progress."
    )
    is_finished: bool = Field(
        description="Whether all messages were processed. If not, and `moving` is false, send the request again."
    )
    notes: list[str] = Field(description="For each message that stays in the queue: why, and what to do.")


class Parked(Answer):
    """Webhooks that failed because of a bug, kept in a bucket until they are replayed."""

    events: int
    is_whole: bool = Field(description="Whether all were counted.")
    oldest_at: str | None = Field(description=f"When the oldest of them was parked. {MOMENT}")
    command: str = Field(description="The command that replays them.")


class Unread(Answer):
    """A part that could not be read."""

    part: Literal["alarms", "recordings", "queues", "ages", "parked", "redrives"]
    message: str


class Health(Answer):
    """The state of a stack."""

    stack: str
    is_well: bool = Field(description="Whether everything could be read and nothing needs attention.")
    sentences: list[str] = Field(description="What is wrong and what could not be read, most urgent first.")
    alarms: Alarms | None = Field(description="null if they could not be read; the same holds for the other parts.")
    recordings: Custody | None
    queues: list[Queue]
    parked: Parked | None
    redrives: list[Redrive] | None = Field(description="The latest redrives, newest first.")
    unread: list[Unread]
