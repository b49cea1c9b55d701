"""What is lost when a stack is deleted, and what stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.parked_events import ParkedEvents
from infra.operations.stack_outputs import Deployed

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


QUEUES: Mapping[str, str] = {
    "ArchiveQueue": "recordings and transcripts that are not in the bucket yet",
    "WatchdogQueue": "calls that are looked after",
    "ReconcileDeadLetterQueue": "sweeps that failed",
    "WatchdogDeadLetterQueue": "looks at calls that failed",
    "DeliveryQueue": "callers' messages that are not delivered yet",
    "EventsDeadLetterQueue": "events that other systems have not received",
    "CampaignsDeadLetterQueue": "failed runs of the campaigns function",
}
"""The queues that go with the stack, and what a message in each is. A test holds them to the template."""

DEAD_LETTERS = "ArchiveDeadLetterQueue"
"""It stays, but its content needs the archive function."""

STAYING = (
    "CallsTable",
    "RecordingsBucket",
    "ParkedEventsBucket",
    "CampaignsBucket",
    "AccessLogBucket",
    DEAD_LETTERS,
    "DeliveryDeadLetterQueue",
    "Key",
)
"""What outlives the stack, by its logical name. A test holds it to the template."""

FOR_EVER_SECONDS = 2**31
"""A time at which every open item is due."""

MOST_COUNTED = 1_000

_COUNTS: Any = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]


def resources(formation: CloudFormationClient, stack: str) -> dict[str, str]:
    """The stack's resources: logical name → physical."""
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in found}


def losses(stack: Deployed, of: Mapping[str, str], clients: Mapping[str, Any]) -> Iterator[str]:
    """What would be lost, a line each. `clients` are boto3's, by service. Raises botocore's errors."""
    for name, what in QUEUES.items():
        if name in of and (number := _messages(clients["sqs"], of[name])):
            yield f"{number} messages in {name}: {what}"
    if DEAD_LETTERS in of and (number := _messages(clients["sqs"], of[DEAD_LETTERS])):
        yield (
            f"{number} messages in {DEAD_LETTERS}: recordings that were given up. The queue stays, but nothing "
            f"can archive them afterwards: dialtone recordings redrive --stack {stack.name}"
        )
    parked = ParkedEvents(clients["s3"], stack.output("ParkedEventsBucketName"))
    if number := sum(1 for _ in parked.names()):
        yield (
            f"{number} parked events: their bucket stays for 14 days, but nothing can replay them afterwards: "
            f"dialtone replay --stack {stack.name} --all"
        )
    due = CallsTable(clients["dynamodb"], stack.output("CallsTableName")).due_items(FOR_EVER_SECONDS, MOST_COUNTED)
    if number := sum(1 for each in due if each.recording):
        yield f"{_at_most(number)} recordings that are not settled: expected, or not archived yet"
    if number := sum(1 for each in due if each.leg_id):
        yield f"{_at_most(number)} legs of open calls, or without a hang-up yet"


def staying(of: Mapping[str, str]) -> Iterator[str]:
    """What stays, a line each."""
    for name in STAYING:
        if of.get(name):
            yield f"{name}: {of[name]}"


def _messages(sqs: Any, url: str) -> int:  # noqa: ANN401 -- boto's client
    counted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=_COUNTS)["Attributes"]
    return sum(int(value) for value in counted.values())


def _at_most(number: int) -> str:
    return f"{number} or more" if number == MOST_COUNTED else str(number)
