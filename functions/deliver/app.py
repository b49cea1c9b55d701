"""The deliver function: invoked with messages of the delivery queue, or records of the table's stream."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from deliver.bucket import Objects
from deliver.chat import Chat
from deliver.claims import Claims
from deliver.consumer import Consumer
from deliver.delivery import Deliveries
from deliver.due_deliveries import FROM_STREAM, DueDeliveries
from deliver.mail import Mail
from deliver.settings import Settings
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.telemetry import Observer

AWS = budget(connect_seconds=2.0, read_seconds=10.0, attempts=3)
SES = budget(connect_seconds=3.0, read_seconds=30.0, attempts=1)
"""Uploads ten megabytes. No retries by boto3, which could send an e-mail twice: the queue retries."""


def open_consumer(settings: Settings) -> Consumer:
    """Connect everything."""
    store = CallsTable(client("dynamodb", AWS), settings.calls_table)
    return Consumer(
        deliveries=Deliveries(
            store,
            Objects(client("s3", AWS), settings.recordings_bucket),
            Claims(store),
            Mail(client("sesv2", SES), settings.mail_from),
            Chat(settings.chats),
            settings.links_url,
        ),
        queue=client("sqs", AWS),
        queue_url=settings.queue_url,
        observer=Observer("deliver"),
    )


consumer = open_consumer(Settings.read(os.environ))
"""Created once, at start."""

due = DueDeliveries(consumer.queue, consumer.queue_url, consumer.observer)


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Process messages of the queue or records of the stream; return those that failed."""
    del context
    records = event["Records"]
    if records and records[0]["eventSource"] == FROM_STREAM:
        return due.take(event)
    return consumer.consume(event)
