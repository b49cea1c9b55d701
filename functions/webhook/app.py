"""The webhook function: what Lambda calls."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

gc.disable()  # what a start makes stays: looking through it again and again for garbage takes a twentieth of the start

from dialtone.adapters.archive_queue import ArchiveQueue
from dialtone.adapters.aws_clients import budget, client, with_deadline
from dialtone.adapters.calls_table import CallsTable
from dialtone.adapters.flow_library import FlowLibrary
from dialtone.adapters.lookup_function import LookupFunction
from dialtone.adapters.secrets import CachedSecret
from dialtone.adapters.signature import Verifier
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.lookups import OWN_EVENT
from webhook.endpoint import Endpoint
from webhook.processor import EventProcessor
from webhook.settings import Settings
from webhook.snapshot import Snapshot

if TYPE_CHECKING:
    from webhook.processor import Library

AWS = budget(connect_seconds=0.5, read_seconds=0.8, attempts=2)
"""DynamoDB answers in some 10 ms. Two tries fit into a webhook's time, and its deadline cuts short what does not."""


def open_endpoint(settings: Settings) -> Endpoint:
    """Everything connected. Raises what says which setting is wrong."""
    dynamodb, sqs, functions = (with_deadline(client(name, AWS)) for name in ("dynamodb", "sqs", "lambda"))
    store, telnyx = CallsTable(dynamodb, settings.calls_table), TelnyxApi(settings.api_key)
    library = _library(settings, store)
    switchboard = EventProcessor(
        store=store,
        library=library,
        telnyx=telnyx,
        archive=ArchiveQueue(sqs, settings.archive_queue_url),
        lookups=LookupFunction(functions, settings.lookup_function, settings.own_function),
    )
    key = settings.api_key
    Snapshot(
        load=[telnyx.prepare, *([library.read_all] if isinstance(library, FlowLibrary) else [])],
        renew=[telnyx.close, *([key.forget] if isinstance(key, CachedSecret) else [])],
    ).register()
    observer = Observer("webhook")
    sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
    return Endpoint(Verifier.from_text(settings.public_key), switchboard, observer)


def _library(settings: Settings, store: CallsTable) -> Library:
    if not settings.flows_watched:
        return FlowLibrary.open(settings.flows, store)
    from infra.flowkit.watched_flows import WatchedFlows  # noqa: PLC0415 -- for work on flows: Lambda never loads it

    return WatchedFlows(settings.flows, store)


endpoint = open_endpoint(Settings.read(os.environ))
"""Made once, at start: a function that lacks a setting says so then, not to the first caller."""

gc.freeze()
gc.enable()


def handler(request: Any, context: object) -> dict[str, Any]:  # noqa: ANN401 -- any JSON that may invoke us
    """API Gateway's request in, its response out; or an event of our own, by a function that IAM lets invoke us."""
    del context
    if isinstance(request, dict) and OWN_EVENT in request:
        return endpoint.hear(request[OWN_EVENT])
    return endpoint.respond(request)
