"""The events function: invoked with records of the calls table's stream."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.telemetry import Observer
from events.bus import EventBus
from events.dead_letters import DeadLetters
from events.life_cycle_events import in_full, masked
from events.outbox import Outbox
from events.settings import Settings

AWS = budget(connect_seconds=1.0, read_seconds=5.0, attempts=3)
"""Nobody waits. After three failures the stream retries."""


def open_outbox(settings: Settings) -> Outbox:
    """Connect everything."""
    return Outbox(
        EventBus(client("events", AWS), settings.event_bus),
        DeadLetters(client("sqs", AWS), settings.dead_letter_queue_url),
        Observer("events"),
        in_full if settings.full_numbers else masked,
    )


outbox = open_outbox(Settings.read(os.environ))
"""Made once, at start."""


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Process records of the stream; return the first that must be retried."""
    del context
    return outbox.send(event)
