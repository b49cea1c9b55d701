"""`python -m tests.console_pictures`: takes the docs' pictures of the console's pages on flows and campaigns."""

import base64
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.credentials import Credentials

from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.dynamodb_items import attributes
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.client import Client
from dialtone.domain.campaigns.campaign import RUNNING
from dialtone.domain.campaigns.dial_id import DialId
from dialtone.domain.campaigns.outcomes_and_redials import (
    ACKNOWLEDGED,
    BUSY,
    CUT_OFF,
    INVALID,
    MACHINE,
    NO_ANSWER,
    PERSON,
    REJECTED,
)
from dialtone.domain.campaigns.progress import Progress
from infra.carrier import BEEP, Caller, HangUp, Hear, Press, Say, Silence
from infra.checkout import SAMPLES
from infra.operations.publishing.pictures import keep_pictures
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from tests.integration.browser import Browser
from tests.integration.campaign_example import CAMPAIGN, FLOW
from tests.integration.control_server import ControlServer
from tests.simulation.controlled import ControlledStage

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 1_100

_MESSAGE = (Press("2"), BEEP, Say(15, "Please call me back."), Press("#"))
CALLERS = (
    *[Caller(Silence(5), Press("1"), Hear("opening-hours"), *_MESSAGE)] * 3,
    *[Caller(Silence(6), *_MESSAGE)] * 4,
    *[Caller(Silence(4), Press("1"), Silence(9), HangUp())] * 2,
    *[Caller(Silence(4), HangUp())] * 3,
    *[Caller(Silence(600))] * 2,
)
OUTCOMES = (ACKNOWLEDGED, PERSON, PERSON, MACHINE, NO_ANSWER, PERSON, BUSY, ACKNOWLEDGED, MACHINE, PERSON)
RARE = (REJECTED, CUT_OFF, INVALID)
DIALS_A_MINUTE, MINUTES = 720, 8
IN_FLIGHT = 400


def _campaign(stage: ControlledStage) -> Callable[[], None]:
    """Have a campaign half done; gives what lets it go on for two seconds."""
    store = CampaignsTable(stage.table, "calls")  # type: ignore[arg-type]  # in memory
    began = int(datetime.now(UTC).timestamp()) - 60 * MINUTES
    ordered = replace(
        CAMPAIGN,
        recipients=6_800,
        status=RUNNING,
        consent="customers, outage notices",
        rate_per_second=12.0,
        max_in_flight=500,
        created_at=began - 60,
        starts_at=began,
        estimated_dollars=48.28,
        estimated_seconds=570,
    )
    store.order(ordered, FLOW)
    progress, row = Progress().took(DIALS_A_MINUTE * MINUTES, end_of_part=False), 0
    for minute in range(MINUTES):
        progress = progress.with_dials(DIALS_A_MINUTE, 12.0, began + 60 * minute)
        for place in range(DIALS_A_MINUTE - IN_FLIGHT * (minute == MINUTES - 1)):
            row += 1
            outcome = RARE[row % 3] if row % 23 == 0 else OUTCOMES[(row * 7 + minute) % len(OUTCOMES)]
            progress = progress.with_call(row, 1, outcome, began + 60 * minute + place // 12).with_outcome(outcome)
    progress = progress.with_refusal("suppressed").with_refusal("quiet_hours")
    progress = replace(progress, in_flight=IN_FLIGHT)
    _, progress = store.commit(ordered.id, [], progress, now=began + 60 * MINUTES)
    cost = {"cost": sum(progress.calls.values()) * 6_800, "calls": sum(progress.calls.values())}
    partition, item = DialId(ordered.id, 0, 1, 1).cost_item
    stage.table.put_item(TableName="calls", Item=attributes({"call_session_id": partition, "item": item, **cost}))
    later = began + 60 * MINUTES + 2

    def go_on() -> None:
        store.commit(ordered.id, [], progress.with_dials(24, 12.0, later), now=later)

    return go_on


def _flow(stage: ControlledStage, flows: Path) -> None:
    keep_pictures(FlowVersionsTable(stage.table, "calls"), flows)  # type: ignore[arg-type]  # in memory
    for place, caller in enumerate(CALLERS):
        stage.call(f"+155501{place + 40:02}", "+15550100", caller)
        stage.carrier.run_for(timedelta(minutes=5).total_seconds())
    stage.carrier.run()


def _open(browser: Browser, url: str, height: int) -> None:
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.call("Emulation.setDeviceMetricsOverride", **size)
    browser.call("Page.navigate", url=url)


def _taken(browser: Browser) -> bytes:
    return base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])


def pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each picture; works in a folder of its own."""
    flows = folder / "flows"
    shutil.copytree(SAMPLES, flows)
    stage = ControlledStage("", flows)
    _flow(stage, flows)
    go_on = _campaign(stage)
    with ExitStack() as opened:
        server = opened.enter_context(ControlServer(stage.control))
        client = opened.enter_context(Client(server.url, "eu-west-1", Credentials("AKIDEXAMPLE", "secret")))
        routes = ConsoleSite(client, "https://audio.example").routes()
        site = opened.enter_context(LocalServer(0, lambda error: sys.exit(str(error)), routes)).address
        browser = opened.enter_context(Browser(folder / "profile"))

        _open(browser, f"{site}flows/main-menu", 1_500)
        browser.until("document.querySelector('main figure svg') && document.querySelectorAll('main meter').length > 3")
        yield "console-flow", _taken(browser)

        _open(browser, f"{site}campaigns/{CAMPAIGN.id}", 1_080)
        browser.until("document.querySelectorAll('.course').length === 4")
        go_on()
        browser.until("document.querySelector('.sentence').innerText.includes('dials a second')")
        yield "console-campaign", _taken(browser)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for picture, content in pictures(Path(name)):
            (DOCS / f"{picture}.png").write_bytes(content)
