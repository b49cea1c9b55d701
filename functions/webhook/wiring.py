"""Connects the webhook's parts: clients, table, flows, Telnyx."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws_clients import DeadlineClient, budget
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.flow_versions import FlowVersions
from dialtone.adapters.flow_versions_table import LiveCache
from dialtone.adapters.lookup_function import LookupFunction
from dialtone.adapters.parked_events import ParkedEvents
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.adapters.watchdog_queue import WatchdogQueue
from dialtone.domain.redaction import redacted_text
from dialtone.flow.parser import STEP_KINDS
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor
from webhook.queue_answers import QueueAnswers
from webhook.router import load_handlers
from webhook.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dialtone.adapters.flow_versions import Library
    from dialtone.domain.errors import FlowInvalid
    from webhook.settings import Settings

AWS = budget(connect_seconds=0.5, read_seconds=0.8, attempts=2)
"""DynamoDB answers in about 10 ms. Two attempts fit into a webhook's time, and its deadline cuts longer ones short."""


def open_endpoint(settings: Settings, open_library: Callable[[Path, CallsTable], Library]) -> Endpoint:
    """The endpoint with all its parts; `open_library` reads a folder of flows. Its errors name the wrong setting."""
    clients: Any = {name: DeadlineClient(name, AWS) for name in ("dynamodb", "sqs", "lambda")}
    observer, live = Observer("webhook"), LiveCache()
    store, telnyx = CallsTable(clients["dynamodb"], settings.calls_table, live), TelnyxApi(settings.api_key)
    deployed = open_library(settings.flows, store)
    library = FlowVersions(
        deployed, lambda: live.value, store.published_texts, partial(report_unreadable, observer), kept=store
    )
    processor = EventProcessor(
        store=store,
        library=library,
        telnyx=telnyx,
        archive=ArchiveQueue(clients["sqs"], settings.archive_queue_url),
        lookups=LookupFunction(clients["lambda"], settings.lookup_function, settings.own_function),
        watchdog=WatchdogQueue(clients["sqs"], settings.watchdog_queue_url),
        queues=QueueAnswers(telnyx, store),
    )
    key = settings.api_key
    Snapshot(
        load=[
            telnyx.prepare,
            *(each.open for each in clients.values()),
            partial(list, STEP_KINDS.values()),
            load_handlers,
            partial(redacted_text, "+15550100"),  # compiles its expressions
            *([deployed.read_all] if isinstance(deployed, FlowLibrary) else []),
        ],
        renew=[telnyx.close, live.forget, *([key.forget] if isinstance(key, CachedSecret) else [])],
    ).register()
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    # Opened only when the first event is parked: opening it takes time, and no ordinary call needs it.
    bucket: Any = DeadlineClient("s3", AWS)
    parked = ParkedEvents(bucket, settings.parked_events_bucket)
    return Endpoint(Verifier.from_text(settings.public_key), processor, observer, parked=parked)


def report_unreadable(observer: Observer, version: int, why: FlowInvalid | None) -> None:
    """Log and count a published version that this program cannot read."""
    reason = str(why) if why else "its files are not in the table"
    fields = {"published_version": version, "reason": reason}
    observer.log("error", "published flows cannot be read; the deployed ones take their calls", fields)
    observer.measure(Measure("PublishedFlowsUnreadable"))
