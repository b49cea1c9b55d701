"""`python -m tests.console_pictures`: takes the docs' pictures of the phone's page and of the console's."""

import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from botocore.credentials import Credentials
from moto import mock_aws

from control.api import open_api
from control.bucket import SIGNED_LINKS
from control.settings import Settings
from control.watched_queues import QUEUES
from dialtone.adapters.aws_clients import client as client_of
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.adapters.dynamodb_items import attributes
from dialtone.adapters.flow_versions_table import FlowVersionsTable
from dialtone.adapters.telemetry import Observer
from dialtone.adapters.webhook_function import Answer
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
from infra.carrier import BEEP, Caller, HangUp, Hear, Person, Press, Say, Silence
from infra.checkout import ROOT, SAMPLES
from infra.demo import scenes
from infra.flowkit.stage import Stage
from infra.local.translate import read
from infra.operations.publishing.pictures import keep_pictures
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from tests.control_settings import CONTROL_SETTINGS
from tests.integration.archiving import ArchiveHouse
from tests.integration.browser import Browser
from tests.integration.campaign_example import CAMPAIGN, FLOW
from tests.integration.control_server import ControlServer
from tests.integration.message_moves import MessageMoves
from tests.integration.phone_line import OpenLine
from tests.integration.scripted_telnyx import ScriptedTelnyx
from tests.integration.test_console_acts import PHONE, Desk
from tests.integration.test_console_site import Site
from tests.integration.test_control_api import SETTINGS, client_with
from tests.integration.test_control_health import alarm, put
from tests.integration.whole_line import Line
from tests.simulation.controlled import ControlledStage

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 1_100
RINGING = {"dead-letters": 3.0, "deliveries-dead-letters": 1.0}
"""Alarms, and the messages in their queues."""

AHEAD = (
    "Date = class extends Date { constructor(...given) { super(...(given.length ? given : [Date.now() + 150_000])); } }"
)
"""A page's clock some minutes ahead, like the carrier's."""

_MESSAGE = (Press("2"), BEEP, Say(15, "Please call me back."), Press("#"))
CALLERS = (
    *[Caller(Silence(5), Press("1"), Hear("opening-hours"), *_MESSAGE)] * 3,
    *[Caller(Silence(6), *_MESSAGE)] * 4,
    *[Caller(Silence(4), Press("1"), Silence(9), HangUp())] * 2,
    *[Caller(Silence(4), HangUp())] * 3,
    *[Caller(Silence(600))] * 2,
)
ADA = "+15550142"
MESSAGE = Caller(
    Hear("Welcome"),
    Press("1", after=5),
    Hear("opening-hours"),
    Press("2", after=6),
    BEEP,
    Say(1.8, "Hello, this is Ada."),
    Silence(0.7),
    Say(4.1, "I would like to move my appointment to Friday."),
    Silence(1),
    Say(2.6, "Please call me back before noon."),
    Silence(0.6),
    Press("#"),
    Hear("Thank you"),
)
"""A caller hears the opening hours, and leaves a message."""

MORNING = (
    ("+15550163", scenes.IVR.number, Caller(Silence(6), HangUp())),
    (scenes.RECORDED.caller, scenes.RECORDED.number, scenes.RECORDED.script),
    ("+15550118", scenes.IVR.number, Caller(Silence(5), Press("1"), Hear("opening-hours"), HangUp())),
    ("+15550129", scenes.IVR.number, CALLERS[3]),
)
MORNING_MINUTES = 40
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


def _testing_account() -> AbstractContextManager[object]:
    """Name credentials of no account and a region, as moto needs them."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return patch.dict(os.environ, {**dict.fromkeys(names, "testing"), "AWS_DEFAULT_REGION": "us-east-1"})


def _troubled_health(opened: ExitStack, browser: Browser) -> None:
    """Open the health page of a stack with alarms on, and messages in dead-letter queues."""
    opened.enter_context(_testing_account())
    opened.enter_context(mock_aws())
    MessageMoves()
    house = opened.enter_context(ArchiveHouse.open())
    opened.enter_context(house.unharmed())
    house.s3.create_bucket(Bucket=CONTROL_SETTINGS["PARKED_EVENTS_BUCKET"])
    for each in QUEUES:
        house.sqs.create_queue(QueueName=each.name)
    runbooks = "https://git.example.com/docs/runbooks/"
    stack = client_with(house, **SETTINGS, RUNBOOKS_URL=runbooks)
    put(stack, "archive-dead-letters", "{}", "{}", "{}")
    put(stack, "deliveries-dead-letters", "{}")
    for each in read(ROOT / "infra" / "monitoring.yaml")["Resources"].values():
        if (name := _alarm_name(each)) in RINGING:
            about, metric = each["Properties"]["AlarmDescription"], each["Properties"]["MetricName"]
            alarm(f"dialtone-{name}", about, "ALARM", metric, (RINGING[name],))
    _open(browser, f"{Site(opened, stack).server.address}health", 990)
    browser.until("document.querySelectorAll('main .alarm').length === 2")


def _alarm_name(resource: dict[str, Any]) -> str:
    """The name without the stack's; '' for what is not an alarm."""
    return str(resource["Properties"].get("AlarmName", "")).partition("${StackName}-")[2].rstrip("'})")


def _acting(desk: Desk) -> None:
    """Pause the recording of a call from its page."""
    _open(desk.browser, f"{desk.site}calls/{desk.leg.name.call_session_id}", 640)
    desk.browser.until("document.querySelector('.acts:not([hidden])')")
    desk.press("pause-do")
    desk.says("The recording is paused")
    desk.browser.until("document.activeElement.id === 'resume-do'")


def _queues(desk: Desk) -> None:
    """Let two callers wait, and an agent take the first."""
    other = desk.stage.call("+15550147", "+15550121", Caller(Silence(3_600), HangUp())).leg
    for caller in (desk.leg, other):
        desk.stage.carrier.run_for(40)
        desk.stage.post(f"/calls/{caller.name.call_session_id}/flow", {"flow": "queued"})
    desk.stage.carrier.run_for(4)
    desk.browser.call("Page.addScriptToEvaluateOnNewDocument", source=AHEAD)
    desk.stage.carrier.add_callee(PHONE, Person(Hear("press 1"), Press("1"), Silence(20), HangUp()))
    _open(desk.browser, f"{desk.site}queues", 480)
    desk.browser.until("document.querySelectorAll('tbody tr').length === 2")
    desk.browser.js(f"document.getElementById('take-agent').value = {PHONE!r}")
    desk.press("take-do")
    desk.says("Your phone rings.")


def _answered_line(opened: ExitStack) -> tuple[Line, str]:
    """Have a line whose calls are archived: several are over, one goes on; gives the session of a caller's message."""
    opened.enter_context(mock_aws())
    stage = Stage(start=datetime.now(UTC) - timedelta(minutes=MORNING_MINUTES))
    line = Line(opened.enter_context(ScriptedTelnyx()), stage=stage)
    opened.callback(line.telnyx.close)
    keep_pictures(FlowVersionsTable(line.clients["dynamodb"], "calls"), SAMPLES)
    for caller, number, script in MORNING:
        stage.call(caller, number, script)
        stage.carrier.run_for(timedelta(minutes=7).total_seconds())
    left = stage.call(ADA, scenes.IVR.number, MESSAGE)
    stage.carrier.run_for(timedelta(minutes=5).total_seconds())
    line.archive()
    stage.call("+15550171", scenes.IVR.number, Caller(Silence(4), Press("1"), Silence(600)))
    stage.carrier.run_for(9)
    return line, left.name.call_session_id


def _console(opened: ExitStack, line: Line) -> str:
    """Serve the console of a line; gives its address."""
    carrier = line.stage.carrier
    api = open_api(
        Settings.read({**CONTROL_SETTINGS, "FLOWS_FOLDER": str(SAMPLES)}),
        line.clients["dynamodb"],
        client_of("s3", SIGNED_LINKS),
        lambda _: Answer("no call is acted on", ""),
        line.telnyx,
        Observer("control"),
        carrier.clock.datetime,
    )
    return _served(opened, api)


def _served(opened: ExitStack, api: APIGatewayHttpResolver) -> str:
    """Serve the console of a control API; gives its address."""
    server = opened.enter_context(ControlServer(api))
    client = opened.enter_context(Client(server.url, "eu-west-1", Credentials("AKIDEXAMPLE", "secret")))
    routes = ConsoleSite(client, "https://audio.example").routes()
    return opened.enter_context(LocalServer(0, lambda error: sys.exit(str(error)), routes)).address


def _dark(browser: Browser) -> None:
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])


def _calls(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Take the pages of the calls, of one of them and of its recording."""
    with ExitStack() as opened:
        opened.enter_context(_testing_account())
        line, session = _answered_line(opened)
        site = _console(opened, line)
        (recording,) = line.store.recordings(session)
        browser = opened.enter_context(Browser(folder / "profile"))

        _open(browser, f"{site}calls", 640)
        browser.until("document.querySelectorAll('tbody tr').length > 5")
        yield "console-calls", _taken(browser)

        _open(browser, f"{site}calls/{session}", 900)
        browser.until("document.querySelector('.timeline') && document.querySelector('.sentence')")
        yield "console-call", _taken(browser)

        _dark(browser)
        _open(browser, f"{site}recordings/{recording.api_id}", 560)
        browser.until("document.querySelector('.transcript') && document.querySelector('.wave .peaks')")
        yield "console-recording", _taken(browser)


def _phone(opened: ExitStack, browser: Browser, flows: Path) -> None:
    """Open the phone's page, with a caller who leaves a message."""
    line = opened.enter_context(OpenLine(flows))
    _open(browser, line.server.address, 860)
    browser.until("document.querySelector('#picture svg')")
    browser.js("document.querySelector('#dial button').click()")
    for key, text in (("1", "Welcome to Harbour Dental."), ("2", "opening-hours")):
        browser.until(f"document.getElementById('heard').textContent.includes({text!r})")
        browser.type(key)
    browser.until("document.getElementById('heard').textContent.includes('(tone)')")
    words = "Hello, this is Ada. Please call me back."
    browser.js(
        f"document.querySelector('#say input').value = {words!r}; document.querySelector('#say').requestSubmit()"
    )
    browser.until("document.getElementById('heard').textContent.includes('Hello, this is Ada.')")


def pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each picture; works in a folder of its own."""
    with ExitStack() as opened:
        browser = opened.enter_context(Browser(folder / "profile"))
        _phone(opened, browser, SAMPLES)
        yield "phone-page", _taken(browser)
    with ExitStack() as opened:
        browser = opened.enter_context(Browser(folder / "profile"))
        _troubled_health(opened, browser)
        yield "console-health", _taken(browser)
    with ExitStack() as opened:
        (desks := folder / "desk").mkdir()
        desk = Desk(opened, desks)
        _acting(desk)
        yield "console-acting", _taken(desk.browser)
        _queues(desk)
        yield "console-queues", _taken(desk.browser)
    yield from _calls(folder)
    yield from _flow_and_campaign(folder)


def _flow_and_campaign(folder: Path) -> Iterator[tuple[str, bytes]]:
    flows = folder / "flows"
    shutil.copytree(SAMPLES, flows)
    stage = ControlledStage("", flows)
    _flow(stage, flows)
    go_on = _campaign(stage)
    with ExitStack() as opened:
        site = _served(opened, stage.control)
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
