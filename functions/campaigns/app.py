"""The campaigns function: what Lambda calls every minute. It works until the next one takes over."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from campaigns.engine import DRAIN_SECONDS, MOST_SENDING, Engine
from campaigns.lists import Lists
from campaigns.settings import Settings
from dialtone.adapters.aws_clients import budget, client
from dialtone.adapters.campaign_numbers import CampaignNumbers
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.telemetry import Measure, Observer
from dialtone.adapters.telnyx_api import TelnyxApi
from dialtone.adapters.telnyx_sdk import sdk
from dialtone.domain.campaigns.results import FAILURES, OUTCOMES
from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

AWS = budget(connect_seconds=0.5, read_seconds=1.0, attempts=2)
"""A campaign that is paused must stop within seconds: no request may hold a look up for longer."""

WORKS_SECONDS = 60.0
"""Until the next invocation."""

RESERVED_SECONDS = DRAIN_SECONDS + 5.0
"""Kept of the function's time to take in answers and to give the lease up."""


class RemainingTime(Protocol):
    """What of Lambda's context is needed."""

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run."""
        ...


def open_engine(settings: Settings, observer: Observer) -> Engine:
    """A worker, connected. Raises what says which setting is wrong."""
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
    """The schedule in; dials and calls by outcome out."""
    del event
    left = context.get_remaining_time_in_millis() / MILLIS_PER_SECOND - RESERVED_SECONDS
    done = engine.run(time.time() + min(WORKS_SECONDS, left))
    if done:
        observer.log("info", "campaigns worked on", dict(done))
        observer.measure(*measures(done))
    return dict(done)


def measures(done: Counter[str]) -> tuple[Measure, ...]:
    """What is measured of a worker's minute."""
    return (
        Measure("CampaignDials", done["dials"]),
        Measure("CampaignCalls", sum(done[each] for each in OUTCOMES)),
        Measure("CampaignCallsFailed", sum(done[each] for each in FAILURES)),
    )
