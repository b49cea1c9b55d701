"""Connects the webhook's parts: clients, table, flows, Telnyx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws_clients import DeadlineClient, budget
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.lookup_function import LookupFunction
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.adapters.watchdog_queue import WatchdogQueue
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor
from webhook.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from webhook.processor import Library
    from webhook.settings import Settings

AWS = budget(connect_seconds=0.5, read_seconds=0.8, attempts=2)
"""DynamoDB answers in some 10 ms. Two tries fit into a webhook's time, and its deadline cuts short what does not."""


def open_endpoint(settings: Settings, open_library: Callable[[Path, CallsTable], Library]) -> Endpoint:
    """Everything connected; `open_library` reads a folder of flows. Raises what says which setting is wrong."""
    clients: Any = {name: DeadlineClient(name, AWS) for name in ("dynamodb", "sqs", "lambda")}
    store, telnyx = CallsTable(clients["dynamodb"], settings.calls_table), TelnyxApi(settings.api_key)
    library = open_library(settings.flows, store)
    processor = EventProcessor(
        store=store,
        library=library,
        telnyx=telnyx,
        archive=ArchiveQueue(clients["sqs"], settings.archive_queue_url),
        lookups=LookupFunction(clients["lambda"], settings.lookup_function, settings.own_function),
        watchdog=WatchdogQueue(clients["sqs"], settings.watchdog_queue_url),
    )
    key = settings.api_key
    Snapshot(
        load=[
            telnyx.prepare,
            *(each.open for each in clients.values()),
            *([library.read_all] if isinstance(library, FlowLibrary) else []),
        ],
        renew=[telnyx.close, *([key.forget] if isinstance(key, CachedSecret) else [])],
    ).register()
    observer = Observer("webhook")
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    # Opened when the first event is parked: it takes a start's time, and no call needs it.
    bucket: Any = DeadlineClient("s3", AWS)
    parked = ParkedEvents(bucket, settings.parked_events_bucket)
    return Endpoint(Verifier.from_text(settings.public_key), processor, observer, parked=parked)
