"""The campaigns function: invoked every minute; works until the next invocation takes over."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from campaigns.engine import DRAIN_SECONDS, MOST_SENDING, Engine
from campaigns.list_parts import Lists
from campaigns.settings import Settings
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.campaigns.outcomes_and_redials import FAILURES, OUTCOMES
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from dialtone.adapters.lambda_context import RemainingTime

AWS = budget(connect_seconds=0.5, read_seconds=1.0, attempts=2)
"""A paused campaign must stop within seconds: no request may delay the worker longer."""

WORKS_SECONDS = 60.0
"""Until the next invocation."""

RESERVED_SECONDS = DRAIN_SECONDS + 5.0
"""Kept of the function's time to receive answers and release the lease."""


def open_engine(settings: Settings, observer: Observer) -> Engine:
    """Connect a worker. Raises SettingMissing."""
    dynamodb = client("dynamodb", AWS)
    return Engine(
        store=CampaignsTable(dynamodb, settings.calls_table),
        numbers=CampaignNumbers(dynamodb, settings.calls_table),
        lists=Lists(client("s3", AWS), settings.campaigns_bucket),
        telnyx=TelnyxApi(settings.api_key),
        pool=ThreadPoolExecutor(MOST_SENDING, thread_name_prefix="dial"),
        observer=observer,
    )


observer = Observer("campaigns")
sdk.on_fall_back.append(lambda: observer.measure(Measure("SdkLoadedPlainly")))
engine = open_engine(Settings.read(os.environ), observer)
"""Made once, at start."""


def handler(event: Mapping[str, object], context: RemainingTime) -> Mapping[str, int]:
    """Run a worker for the schedule; return dials and calls by outcome."""
    del event
    left = context.get_remaining_time_in_millis() / MILLIS_PER_SECOND - RESERVED_SECONDS
    done = engine.run(time.time() + min(WORKS_SECONDS, left))
    if done:
        observer.log("info", "campaigns worked on", dict(done))
        observer.measure(*measures(done))
    return dict(done)


def measures(done: Counter[str]) -> tuple[Measure, ...]:
    """The metrics of one invocation."""
    return (
        Measure("CampaignDials", done["dials"]),
        Measure("CampaignCalls", sum(done[each] for each in OUTCOMES)),
        Measure("CampaignCallsFailed", sum(done[each] for each in FAILURES)),
    )
