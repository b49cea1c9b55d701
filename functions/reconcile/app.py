"""The reconcile function: what Lambda calls every five minutes."""

from __future__ import annotations

import os
import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws_clients import DeadlineClient, budget, client
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.erased_calls import ErasedCalls
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.units import MILLIS_PER_SECOND
from reconcile.dependencies import Dependencies
from reconcile.settings import Settings
from reconcile.sweep import RESERVED_SECONDS, Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.adapters.lambda_context import RemainingTime

AWS = budget(connect_seconds=1.0, read_seconds=3.0, attempts=3)
"""No caller waits, and the next sweep retries."""

WEBHOOK = budget(connect_seconds=1.0, read_seconds=15.0, attempts=1)
"""Longer than the webhook function may take. Not retried: the next sweep delivers the same event."""


def open_sweep(settings: Settings) -> Sweep:
    """Connect everything. Raises SettingMissing."""
    observer, telnyx = Observer("reconcile"), TelnyxApi(settings.api_key)
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    receipts: Any = DeadlineClient("s3", AWS)  # most sweeps find nothing outstanding and need no connection
    dynamodb = client("dynamodb", AWS)
    store = CallsTable(dynamodb, settings.calls_table)
    dependencies = Dependencies(
        store=store,
        queue=ArchiveQueue(client("sqs", AWS), settings.archive_queue_url),
        deliver=partial(WebhookFunction(client("lambda", WEBHOOK)).deliver, function=settings.webhook_function),
        erased=ErasedCalls(receipts, settings.recordings_bucket, store, telnyx),
        publications=FlowVersionsTable(dynamodb, settings.calls_table),
    )
    return Sweep(dependencies, telnyx, observer)


sweep = open_sweep(Settings.read(os.environ))
"""Made once, at start."""


def handler(event: Mapping[str, Any], context: RemainingTime) -> Mapping[str, int]:
    """Run a sweep for EventBridge's schedule; return the counts.

    What is due is judged by the event's `time`, the scheduled time.
    """
    left = context.get_remaining_time_in_millis() / MILLIS_PER_SECOND - RESERVED_SECONDS
    return sweep.run(_moment(event), time.monotonic() + left)


def _moment(event: Mapping[str, Any]) -> float:
    scheduled = event.get("time")
    return datetime.fromisoformat(scheduled).timestamp() if isinstance(scheduled, str) else time.time()
