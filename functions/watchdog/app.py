"""The watchdog function: invoked with a message of the watchdog queue."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.adapters.webhook_function import WebhookFunction
from dialtone.domain.watch import Look
from watchdog.settings import Settings
from watchdog.watchdog import Watchdog

AWS = budget(connect_seconds=0.5, read_seconds=2.0, attempts=2)
"""A caller may be waiting; the message is redelivered if this function fails."""

WEBHOOK = budget(connect_seconds=0.5, read_seconds=11.0, attempts=1)
"""Longer than the webhook function may take."""


def open_watchdog(settings: Settings) -> Watchdog:
    """Connect everything. Raises SettingMissing."""
    observer = Observer("watchdog")
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    return Watchdog(
        store=CallsTable(client("dynamodb", AWS), settings.calls_table),
        telnyx=TelnyxApi(settings.api_key),
        queue=WatchdogQueue(client("sqs", AWS), settings.watchdog_queue_url),
        deliver=partial(WebhookFunction(client("lambda", WEBHOOK)).deliver, function=settings.webhook_function),
        observer=observer,
    )


watchdog = open_watchdog(Settings.read(os.environ))
"""Made once, at start."""


def handler(event: Mapping[str, Any], context: object) -> None:
    """Process one message. Raises any error, so that SQS redelivers the message."""
    del context
    for record in event["Records"]:
        watchdog.look(Look.from_json(record["body"]))
