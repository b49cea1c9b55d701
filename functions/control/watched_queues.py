"""The stack's queues: what their messages mean, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dialtone.domain.control_answers import Move

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

    from control.alarms import CloudWatch

COUNTS: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
AGE = "ApproximateAgeOfOldestMessage"
AGE_LOOK_BACK = timedelta(minutes=15)
"""CloudWatch reports the age every few minutes, and not at all for an inactive queue."""

Redriving = Literal["", "jobs", "events", "move"]


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """A queue, and the meaning of its messages."""

    name: str
    setting: str
    """The environment variable with its URL."""
    means: str
    redriving: Redriving = ""
    """How its messages are redriven: as by `dialtone recordings redrive` or `dialtone events resend`, or by SQS."""
    command: str = ""
    """The shell command; `{stack}` and `{url}` are filled in."""
    runbook: str = ""

    @property
    def is_dead_letters(self) -> bool:
        """Whether it is a dead-letter queue."""
        return bool(self.runbook)


PURGE = "aws sqs purge-queue --queue-url {url}"

QUEUES = (
    WatchedQueue(
        "archive-dead-letters",
        "ARCHIVE_DEAD_LETTER_QUEUE_URL",
        "A recording that the archive gave up. Telnyx still has it: fix the cause, then redrive.",
        "jobs",
        "dialtone recordings redrive --stack {stack}",
        "docs/runbooks/recordings.md#dead-letters",
    ),
    WatchedQueue(
        "deliveries-dead-letters",
        "DELIVERY_DEAD_LETTER_QUEUE_URL",
        "A caller's message that was not delivered; its recording is kept. Fix the cause, then redrive.",
        "move",
        "aws sqs start-message-move-task --source-arn {arn}",
        "docs/runbooks/deliveries.md#deliveries-dead-letters",
    ),
    WatchedQueue(
        "events-dead-letters",
        "EVENTS_DEAD_LETTER_QUEUE_URL",
        "A life-cycle event that was not sent to the event bus.",
        "events",
        "dialtone events resend --stack {stack}",
        "docs/runbooks/events.md#events-dead-letters",
    ),
    WatchedQueue(
        "watchdog-dead-letters",
        "WATCHDOG_DEAD_LETTER_QUEUE_URL",
        "A call that the watchdog could not check. It has ended by now: find the cause, then purge the queue.",
        command=PURGE,
        runbook="docs/runbooks/watchdog.md#watchdog-dead-letters",
    ),
    WatchedQueue(
        "campaigns-dead-letters",
        "CAMPAIGNS_DEAD_LETTER_QUEUE_URL",
        "A failed run of the campaigns function; the next run continued. Find the cause, then purge the queue.",
        command=PURGE,
        runbook="docs/runbooks/campaigns.md#campaigns-dead-letters",
    ),
    WatchedQueue(
        "reconcile-dead-letters",
        "RECONCILE_DEAD_LETTER_QUEUE_URL",
        "A failed sweep; the next sweep does its work. Find the cause, then purge the queue.",
        command=PURGE,
        runbook="docs/runbooks/sweeps.md#reconcile-dead-letters",
    ),
    WatchedQueue("archive", "ARCHIVE_QUEUE_URL", "A recording waiting to be archived."),
    WatchedQueue("deliveries", "DELIVERY_QUEUE_URL", "A caller's message waiting to be delivered."),
    WatchedQueue("watchdog", "WATCHDOG_QUEUE_URL", "A check of a call that waits for an event from Telnyx."),
)
"""Dead-letter queues first."""


class Counted(NamedTuple):
    """Approximate numbers of a queue's messages."""

    messages: int
    in_flight: int
    delayed: int
    arn: str


def counted(client: SQSClient, url: str) -> Counted:
    """Count the messages. Raises botocore's errors; KeyError and ValueError if the answer is malformed."""
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=[*COUNTS, "QueueArn"])["Attributes"]
    messages, in_flight, delayed = (int(found[name]) for name in COUNTS)
    return Counted(messages, in_flight, delayed, found["QueueArn"])


def last_move(client: SQSClient, arn: str) -> Move | None:
    """The latest move task of a dead-letter queue. Raises as `counted`."""
    for task in client.list_message_move_tasks(SourceArn=arn, MaxResults=1).get("Results", []):
        began = task.get("StartedTimestamp")
        return Move(
            status=task["Status"],
            moved=task.get("ApproximateNumberOfMessagesMoved", 0),
            of=task.get("ApproximateNumberOfMessagesToMove"),
            began_at=datetime.fromtimestamp(began / 1000, UTC).isoformat(timespec="seconds") if began else None,
            why=task.get("FailureReason"),
        )
    return None


def oldest(client: CloudWatch, urls: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """When the oldest message of each queue was queued, by queue name, if CloudWatch has its age. Raises as above."""
    if not urls:
        return {}
    names = list(urls)
    queries: Any = [
        {
            "Id": f"q{place}",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/SQS",
                    "MetricName": AGE,
                    "Dimensions": [{"Name": "QueueName", "Value": urls[name].rpartition("/")[2]}],
                },
                "Period": 60,
                "Stat": "Maximum",
            },
        }
        for place, name in enumerate(names)
    ]
    answer = client.get_metric_data(
        MetricDataQueries=queries, StartTime=now - AGE_LOOK_BACK, EndTime=now, ScanBy="TimestampDescending"
    )
    found: dict[str, datetime] = {}
    for result in answer["MetricDataResults"]:
        if result["Values"]:
            measured = result["Timestamps"][0].astimezone(UTC)
            age = timedelta(seconds=result["Values"][0])
            found[names[int(result["Id"][1:])]] = (measured - age).replace(second=0, microsecond=0)
    return found
