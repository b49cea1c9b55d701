"""The archive function: what Lambda calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.settings import Settings
from archive.source import Source
from archive.transcripts import Transcripts
from dialtone.adapters.aws.clients import client
from dialtone.adapters.aws.services import DynamoDb
from dialtone.adapters.aws.wire import Wire
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk

if TYPE_CHECKING:
    from archive.consumer import RemainingTime

CONNECT_SECONDS = 2.0
"""To an endpoint in the same region; nobody listens, so that a slow one may be waited for."""
READ_SECONDS = 15.0
"""S3 takes a part of 8 MiB in well under a second, and completes an upload within a few."""
ATTEMPTS = 3
"""Throttling and passing faults; beyond that the queue's pauses help more."""

AWS = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    tcp_keepalive=True,
)


def open_consumer(settings: Settings) -> Consumer:
    """Everything connected. Raises what says which setting is wrong."""
    wire = Wire(CONNECT_SECONDS, READ_SECONDS, ATTEMPTS)
    store = CallsTable(DynamoDb(wire), settings.calls_table)
    bucket = RecordingsBucket(client("s3", config=AWS), settings.recordings_bucket)
    downloader = Downloader(local=settings.local_audio)
    telnyx, observer = TelnyxApi(settings.api_key), Observer("archive")
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    return Consumer(
        archive=Archive(Custody(store, bucket, Source(telnyx, downloader)), Transcripts(store, bucket, telnyx)),
        queue=client("sqs", config=AWS),
        observer=observer,
        max_receives=settings.max_receives,
    )


consumer = open_consumer(Settings.read(os.environ))
"""Made once, at start: a function that lacks a setting says so then, not at the first recording."""


def handler(event: dict[str, Any], context: RemainingTime) -> dict[str, Any]:
    """Messages of the archive queue in, those that failed out."""
    return consumer.consume(event, context)
