"""The lookup function: what Lambda calls, by itself, with a question that the webhook function left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from dialtone.adapters.aws.clients import client
from dialtone.adapters.lookup_function import ANSWER_TO, LOOKUP
from dialtone.adapters.telemetry import Observer
from dialtone.domain.lookups import Lookup
from lookup.answer_delivery import Webhook
from lookup.backend_client import BackendClient
from lookup.service import LookupService
from lookup.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 1.0
READ_SECONDS = 30.0
"""Longer than any lookup may take: the limit that counts is the lookup's own."""

AWS = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    # To ask twice is not ours to decide, and the webhook function is tried again with pauses of our own.
    retries={"mode": "standard", "total_max_attempts": 1},
    tcp_keepalive=True,
)


def open_desk(settings: Settings) -> LookupService:
    """Everything connected."""
    functions = client("lambda", AWS)
    return LookupService(BackendClient(functions, settings.tokens), Webhook(functions), Observer("lookup"))


desk = open_desk(Settings.read(os.environ))
"""Made once, at start."""


def handler(question: Mapping[str, Any], context: object) -> None:
    """A question in; its answer goes to whoever left it. Raises NotTaken where it is not wanted any more."""
    del context
    desk.answer(Lookup.from_json(question[LOOKUP]), question[ANSWER_TO])
