"""The lookup function: invoked asynchronously by the webhook function, with a question."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.lookup_function import ANSWER_TO, LOOKUP
from dialtone.adapters.telemetry import Observer
from dialtone.domain.lookups import Lookup
from lookup.answer_delivery import Webhook
from lookup.backend_client import BackendClient
from lookup.service import LookupService
from lookup.settings import Settings

AWS = budget(connect_seconds=1.0, read_seconds=30.0, attempts=1)
"""Longer than any lookup may take: the lookup's own limit counts. boto3 must not retry: the other system may not expect
it, and the webhook function is retried with delays of our own."""


def open_desk(settings: Settings) -> LookupService:
    """Connect everything."""
    functions = client("lambda", AWS)
    return LookupService(BackendClient(functions, settings.tokens), Webhook(functions), Observer("lookup"))


desk = open_desk(Settings.read(os.environ))
"""Made once, at start."""


def handler(question: Mapping[str, Any], context: object) -> None:
    """Answer a question and deliver the answer to its call. Raises NotTaken if the call did not accept it."""
    del context
    desk.answer(Lookup.from_json(question[LOOKUP]), question[ANSWER_TO])
