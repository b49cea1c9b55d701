"""The webhook function: what Lambda calls."""

from __future__ import annotations

import os
from typing import Any

import boto3
from botocore.config import Config

from dialtone.archive_queue import ArchiveQueue
from dialtone.flow_library import FlowLibrary
from dialtone.observability import Observer
from dialtone.signature import Verifier
from dialtone.store import Store
from dialtone.telnyx_api import TelnyxApi
from webhook.endpoint import Endpoint
from webhook.settings import Settings
from webhook.switchboard import Switchboard

CONNECT_SECONDS = 0.5
"""To an endpoint in the same region: a connection that takes longer will not come."""
READ_SECONDS = 0.8
"""DynamoDB answers in some 10 ms; twice this and the rest of the work fit into Telnyx's 2 s."""
ATTEMPTS = 2

AWS = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    tcp_keepalive=True,
)


def open_endpoint(settings: Settings) -> Endpoint:
    """Everything connected. Raises what says which setting is wrong."""
    switchboard = Switchboard(
        store=Store(boto3.client("dynamodb", config=AWS), settings.calls_table),
        library=FlowLibrary.open(settings.flows),
        telnyx=TelnyxApi(settings.api_key),
        archive=ArchiveQueue(boto3.client("sqs", config=AWS), settings.archive_queue_url),
    )
    return Endpoint(Verifier.from_text(settings.public_key), switchboard, Observer("webhook"))


endpoint = open_endpoint(Settings.read(os.environ))
"""Made once, at start: a function that lacks a setting says so then, not to the first caller."""


def handler(request: dict[str, Any], context: object) -> dict[str, Any]:
    """API Gateway's request in, its response out."""
    del context
    return endpoint.respond(request)
