"""The console in a real browser, where there is one, on the running stack: a person in the morning after a night."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from dialtone.client import Client
from dialtone.domain.recordings import ArchiveJob
from infra.local.cloud import LocalCloud
from infra.local.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from tests.integration.accessibility import violations
from tests.integration.browser import PROGRAM, Browser
from tests.integration.staged_night import HOSTILE, Night

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")


@pytest.fixture
def night(cloud: LocalCloud) -> Night:
    began = datetime.now(UTC) - timedelta(hours=10)
    return Night(cloud.client("dynamodb"), cloud.calls_table, cloud.client("s3"), cloud.recordings_bucket, began)


@pytest.fixture
def site(cloud: LocalCloud) -> Iterator[str]:
    with ExitStack() as opened:
        client = opened.enter_context(Client(cloud.control_url, REGION, Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)))
        faults: list[Exception] = []
        routes = ConsoleSite(client, cloud.endpoint_url).routes()
        yield opened.enter_context(LocalServer(0, faults.append, routes)).address
        assert faults == []


def follow(browser: Browser, link: str, heading: str) -> None:
    """Choose a link by what stands on it, and wait for its page."""
    browser.js(f"[...document.querySelectorAll('a')].find((each) => each.textContent.includes({link!r})).click()")
    browser.until(f"document.querySelector('h1')?.textContent.includes({heading!r})")


def press(browser: Browser, button: str) -> None:
    """Press a button once it is there."""
    browser.until(f"document.querySelector({button!r})?.checkVisibility()")
    browser.js(f"document.querySelector({button!r}).click()")


def redrive(browser: Browser) -> None:
    """Put the messages of the archive's dead-letter queue back, and see that it was done and by whom."""
    press(browser, "#redrive-archive-dead-letters-do")
    press(browser, "#confirm-yes")
    browser.until("document.querySelector('.said').textContent.includes('1 message is put back.')")
    browser.until("document.querySelector('[aria-label=Redrives]')?.innerText.includes('archive-dead-letters')")


def text(browser: Browser, selector: str) -> str:
    found: str = browser.js(f"document.querySelector({selector!r}).innerText")
    return found


def test_a_person_finds_last_nights_voicemail_hears_it_and_sees_why_a_call_failed(
    site: str, cloud: LocalCloud, night: Night, tmp_path: Path
) -> None:
    recording, failed = night.voicemail(), night.failed()
    job = ArchiveJob("metadata", recording.call_session_id, recording.call_leg_id, recording.name)
    cloud.client("sqs").send_message(QueueUrl=cloud.outputs["ArchiveDeadLetterQueueUrl"], MessageBody=job.to_json())
    with Browser(tmp_path / "profile") as browser:
        browser.call("Page.navigate", url=site)
        browser.until("document.querySelectorAll('tbody tr').length > 1")
        assert violations(browser) == []

        follow(browser, "Recordings", "Recordings")
        browser.until(
            f"[...document.querySelectorAll('tr')].some((row) => row.innerText.includes({recording.from_number!r}))"
        )
        assert "new" in text(browser, "tbody tr")
        assert violations(browser, wide=False) == []
        browser.js("document.querySelector('tbody a').click()")
        browser.until("document.querySelector('#play')")
        assert HOSTILE in text(browser, ".transcript")
        assert browser.js("document.querySelectorAll('main img, main script').length") == 0
        assert browser.js("document.querySelectorAll('.wave .peaks').length") == 4  # two channels, twice
        assert text(browser, ".legend").count("presses *") == 1  # no flow says that its keys are kept
        assert "paused for 4 s" in text(browser, ".legend")
        assert violations(browser) == violations(browser, dark=True) == []

        browser.type(" ")  # a browser plays only what a person's own hand has begun
        browser.until("document.querySelector('audio').currentTime > 0.3")
        browser.type(" ")
        browser.until("document.querySelector('audio').paused")
        browser.js("document.querySelector('.legend button').click()")
        browser.until("Math.abs(document.querySelector('audio').currentTime - 6) < 0.1")
        browser.call("Page.reload")
        browser.until("document.body?.innerText.includes('listened')")

        follow(browser, "Calls", "Calls")
        browser.until(
            f"[...document.querySelectorAll('tr')].some((row) => row.innerText.includes({failed.from_number!r}))"
        )
        browser.js(
            f"[...document.querySelectorAll('tr')].find((row) => row.innerText.includes({failed.from_number!r}))"
            ".querySelector('a').click()"
        )
        browser.until("document.querySelector('.sentence')")
        assert "Telnyx refused transfer in the step desk: 10016 (the number is not in service)" in (
            text(browser, ".sentence")
        )
        assert browser.js("document.querySelectorAll('.timeline .trouble').length") > 0
        assert violations(browser) == violations(browser, dark=True, wide=False) == []

        follow(browser, "main-menu", "main-menu")
        browser.until("document.querySelectorAll('meter').length > 1")
        assert violations(browser) == []

        follow(browser, "Health", "Health")
        browser.until("document.querySelectorAll('tbody tr').length > 8")
        assert "alarms have no meaning here" in text(browser, ".unread")  # the emulator makes no metrics of logs
        assert violations(browser) == violations(browser, dark=True, wide=False) == []
        redrive(browser)
        assert violations(browser) == []

        browser.call("Page.navigate", url=f"{site}patterns")
        browser.until("document.querySelectorAll('.timeline').length")
        assert browser.js("document.querySelectorAll('main img, main script').length") == 0
        assert violations(browser) == violations(browser, dark=True, wide=False) == []
        assert browser.complaints == []
