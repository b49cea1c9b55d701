"""The control function: the API on calls and recordings, for people and their programs."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from control.api import open_api
from control.bucket import SIGNED_LINKS
from control.settings import Settings
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.webhook_function import WebhookFunction

if TYPE_CHECKING:
    from collections.abc import Mapping

AWS = budget(connect_seconds=1.0, read_seconds=4.0, attempts=3)

WEBHOOK = budget(connect_seconds=1.0, read_seconds=11.0, attempts=1)
"""Longer than the webhook function may take."""


def _now() -> datetime:
    return datetime.now(UTC)


settings = Settings.read(os.environ)
api = open_api(
    settings,
    client("dynamodb", AWS),
    client("s3", SIGNED_LINKS),
    partial(WebhookFunction(client("lambda", WEBHOOK)).ask, function=settings.webhook_function),
    Observer("control"),
    _now,
)
"""Made once, at start."""


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- Lambda's own context
    """One request in, its answer out."""
    return api.resolve(dict(event), context)
