"""The control function: the API on calls and recordings, for people and their programs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from control.api import open_api
from control.bucket import SIGNED_LINKS, RecordingsBucket
from control.console import file_answer, for_api, is_for_files
from control.settings import Settings
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.webhook_function import WebhookFunction

AWS = budget(connect_seconds=1.0, read_seconds=4.0, attempts=3)

WEBHOOK = budget(connect_seconds=1.0, read_seconds=11.0, attempts=1)
"""Longer than the webhook function may take."""


def _now() -> datetime:
    return datetime.now(UTC)


settings = Settings.read(os.environ)
s3 = client("s3", SIGNED_LINKS)
api = open_api(
    settings,
    client("dynamodb", AWS),
    s3,
    partial(WebhookFunction(client("lambda", WEBHOOK)).ask, function=settings.webhook_function),
    TelnyxApi(settings.api_key),
    Observer("control"),
    _now,
)
"""Made once, at start."""


@cache
def _audio() -> str:
    """The origin of links to audio, for the content security policy."""
    link = urlsplit(RecordingsBucket(s3, settings.recordings_bucket).link("-"))
    return f"{link.scheme}://{link.netloc}"


def handler(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401 -- Lambda's own context
    """Answer one request."""
    if is_for_files(event):
        return file_answer(event, _audio)
    return api.resolve(for_api(event), context)
