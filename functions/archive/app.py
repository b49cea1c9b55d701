"""The archive function: what Lambda calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from archive.audio_source import Source
from archive.bucket import RecordingsBucket
from archive.consumer import Archive, Consumer
from archive.custody import Custody
from archive.download import Downloader
from archive.settings import Settings
from archive.transcripts import Transcripts
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk

if TYPE_CHECKING:
    from dialtone.adapters.lambda_context import RemainingTime

AWS = budget(connect_seconds=2.0, read_seconds=15.0, attempts=3)
"""No caller waits. S3 takes an 8 MiB part in well under a second, and completes an upload within a few seconds. Three
attempts cover throttling and short faults; after that the queue's delays help more."""


def open_consumer(settings: Settings) -> Consumer:
    """Connect everything. Raises SettingMissing or SettingInvalid."""
    store = CallsTable(client("dynamodb", AWS), settings.calls_table)
    s3 = client("s3", AWS)
    bucket = RecordingsBucket(s3, settings.recordings_bucket)
    downloader = Downloader(local=settings.local_audio)
    telnyx, observer = TelnyxApi(settings.api_key), Observer("archive")
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    erased = ErasedCalls(s3, settings.recordings_bucket, store, telnyx)
    custody = Custody(store, bucket, Source(telnyx, downloader), erased.has)
    return Consumer(
        archive=Archive(custody, Transcripts(store, bucket, telnyx), erased),
        queue=client("sqs", AWS),
        observer=observer,
        max_receives=settings.max_receives,
    )


consumer = open_consumer(Settings.read(os.environ))
"""Created once, at start: a missing setting fails the start, not the first recording."""


def handler(event: dict[str, Any], context: RemainingTime) -> dict[str, Any]:
    """Process messages of the archive queue; return those that failed."""
    return consumer.consume(event, context)
