"""The queues of the stack: what a message in each is, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from control.health_answers import Move

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
"""CloudWatch has a queue's age once in some minutes, and not at all of one that was asleep."""

Redriving = Literal["", "jobs", "events", "move"]


@dataclass(frozen=True, slots=True)
class WatchedQueue:
    """A queue, and what its messages are."""

    name: str
    setting: str
    """The environment variable with its URL."""
    means: str
    redriving: Redriving = ""
    """How its messages are put back: as `dialtone recordings redrive` or `dialtone events resend` do, or by SQS."""
    command: str = ""
    """For a shell; `{stack}` and `{url}` are filled in."""
    runbook: str = ""

    @property
    def is_dead_letters(self) -> bool:
        """Whether what is in it was given up."""
        return bool(self.runbook)


PURGE = "aws sqs purge-queue --queue-url {url}"

QUEUES = (
    WatchedQueue(
        "archive-dead-letters",
        "ARCHIVE_DEAD_LETTER_QUEUE_URL",
        "A recording that the archive has given up. Telnyx still has it: remove the cause, then redrive.",
        "jobs",
        "dialtone recordings redrive --stack {stack}",
        "docs/runbooks/recordings.md#dead-letters",
    ),
    WatchedQueue(
        "deliveries-dead-letters",
        "DELIVERY_DEAD_LETTER_QUEUE_URL",
        "A message of a caller that has reached nobody; its recording is kept. Remove the cause, then redrive.",
        "move",
        "aws sqs start-message-move-task --source-arn {arn}",
        "docs/runbooks/deliveries.md#deliveries-dead-letters",
    ),
    WatchedQueue(
        "events-dead-letters",
        "EVENTS_DEAD_LETTER_QUEUE_URL",
        "Something that happened to a call or a recording, of which other systems do not know yet.",
        "events",
        "dialtone events resend --stack {stack}",
        "docs/runbooks/events.md#events-dead-letters",
    ),
    WatchedQueue(
        "watchdog-dead-letters",
        "WATCHDOG_DEAD_LETTER_QUEUE_URL",
        "A call that nobody looked after. It is over by now: find the cause, then empty the queue.",
        command=PURGE,
        runbook="docs/runbooks/watchdog.md#watchdog-dead-letters",
    ),
    WatchedQueue(
        "campaigns-dead-letters",
        "CAMPAIGNS_DEAD_LETTER_QUEUE_URL",
        "A minute in which campaigns stood still. The next went on: find the cause, then empty the queue.",
        command=PURGE,
        runbook="docs/runbooks/campaigns.md#campaigns-dead-letters",
    ),
    WatchedQueue(
        "reconcile-dead-letters",
        "RECONCILE_DEAD_LETTER_QUEUE_URL",
        "A sweep that was not made. The next does its work: find the cause, then empty the queue.",
        command=PURGE,
        runbook="docs/runbooks/sweeps.md#reconcile-dead-letters",
    ),
    WatchedQueue("archive", "ARCHIVE_QUEUE_URL", "A recording on its way into the bucket."),
    WatchedQueue("deliveries", "DELIVERY_QUEUE_URL", "A message of a caller on its way to people."),
    WatchedQueue("watchdog", "WATCHDOG_QUEUE_URL", "A look at a call that waits for an event of Telnyx's."),
)
"""Those whose messages were given up first."""


class Counted(NamedTuple):
    """About how many messages a queue has."""

    messages: int
    in_flight: int
    delayed: int
    arn: str


def counted(client: SQSClient, url: str) -> Counted:
    """How many there are. Raises botocore's errors; KeyError and ValueError for an answer that is none."""
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=[*COUNTS, "QueueArn"])["Attributes"]
    messages, in_flight, delayed = (int(found[name]) for name in COUNTS)
    return Counted(messages, in_flight, delayed, found["QueueArn"])


def last_move(client: SQSClient, arn: str) -> Move | None:
    """The last time that SQS moved the messages of a dead-letter queue back. Raises as `counted`."""
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
    """Since when the oldest message waits, by the queue's name, of those of which CloudWatch knows. Raises as above."""
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
