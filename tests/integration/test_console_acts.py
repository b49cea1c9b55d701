"""The console's pages act: a real browser, the API, the webhook's code and the simulated carrier, in one process."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from dialtone.client import Client
from infra.carrier import Caller, HangUp, Hear, Person, Press, Silence
from infra.carrier.legs import Leg
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from tests.integration.accessibility import violations
from tests.integration.browser import PROGRAM, Browser
from tests.integration.control_server import LISTENER, ControlServer
from tests.integration.test_console_site import Site
from tests.integration.test_control_api import Client as Stack
from tests.integration.test_control_api import client as stack  # noqa: F401 -- a fixture
from tests.simulation.controlled import BOB, ControlledStage

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")

MENU = """
record: {format: mp3}
steps:
  ask: {menu: "Press one to hear the news.", keys: {1: news}, wait_seconds: 20, tries: 9}
  news: {say: "There is no news.", next: bye}
  bye: hangup
"""
QUEUED = """
steps:
  in-line: {queue: support, hold: {media: hold-music}, on_hangup_connected: {outcome: served}}
  bye: hangup
"""
PHONE = "+15550191"
HOSTILE = "<img src=x onerror=alert(1)>"


class Desk:
    """A person at the console of a line on which somebody calls."""

    def __init__(self, opened: ExitStack, folder: Path) -> None:
        self.stage = ControlledStage(MENU, folder, queued=QUEUED)
        self.leg: Leg = self.stage.answered(Caller(Silence(3_600), HangUp()))
        self.server = opened.enter_context(ControlServer(self.stage.control))
        client = opened.enter_context(Client(self.server.url, "eu-west-1", Credentials("AKIDEXAMPLE", "secret")))
        self.faults: list[Exception] = []
        routes = ConsoleSite(client, "https://audio.example").routes()
        self.site = opened.enter_context(LocalServer(0, self.faults.append, routes)).address
        self.browser = opened.enter_context(Browser(folder / "profile"))

    def press(self, button: str, times: int = 1) -> None:
        """Press a button with the keyboard's focus on it, and so often."""
        self.browser.js(f"document.getElementById({button!r}).focus()")
        self.browser.js(f"for (let n = {times}; n; n -= 1) document.getElementById({button!r}).click()")

    def says(self, sentence: str) -> None:
        """Wait until the page says what came of it."""
        self.browser.until(f"document.querySelector('.said').textContent.includes({sentence!r})")

    def offered(self) -> list[str]:
        """The ids of what can be done."""
        found: list[str] = self.browser.js("[...document.querySelectorAll('.act:not([hidden])')].map(({id}) => id)")
        return found

    def asked(self, action: str) -> list[str]:
        """The keys of the requests for an action."""
        return [sent["idempotency-key"] for path, sent in self.server.requests if path.endswith(f"/actions/{action}")]


def test_a_recording_is_deleted_after_its_word_was_written_and_the_page_says_by_whom(
    stack: Stack,  # noqa: F811 -- the fixture
    tmp_path: Path,
) -> None:
    path = f"recordings/one~{stack.recording('one').name}"
    with ExitStack() as opened:
        site = Site(opened, stack)
        browser = opened.enter_context(Browser(tmp_path / "profile"))
        browser.call("Page.navigate", url=f"{site.server.address}{path}")
        browser.until("document.querySelector('#delete-do')")
        browser.js("document.querySelector('#delete-do').focus(); document.querySelector('#delete-do').click()")
        browser.until("document.activeElement?.id === 'confirm-word'")
        browser.js("document.querySelector('#confirm-yes').click()")
        assert browser.js("document.querySelector('dialog').open"), "without the word it is not meant"
        browser.js("document.querySelector('#confirm-word').value = 'Delete'")
        browser.js("document.querySelector('#confirm-yes').click()")

        browser.until(f"document.querySelector('#gone')?.textContent.startsWith('Deleted by {LISTENER}')")
        assert browser.js("document.querySelector('.said').textContent") == f"It is deleted, as {LISTENER} asked."
        assert browser.js("document.querySelector('#play, .act:not([hidden])')") is None
        assert browser.js("document.activeElement.textContent") == "Delete this recording"
        assert violations(browser) == browser.complaints == []


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as opened:
        made = Desk(opened, tmp_path)
        yield made
        assert made.faults == []


def test_a_person_acts_on_a_call_once_a_press_and_is_told_what_came_of_it(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    browser.call("Page.navigate", url=f"{desk.site}calls/{desk.leg.name.call_session_id}")
    browser.until("document.querySelector('.acts:not([hidden])')")
    assert desk.offered() == ["pause", "stop", "hangup", "say", "transfer", "enter"]
    assert violations(browser) == violations(browser, dark=True, wide=False) == []

    busy = (503, {"Retry-After": "1"}, json.dumps({"error": {"message": "Busy."}}))
    desk.server.instead.append(busy)  # one of the page's own looks may take it instead
    desk.press("pause-do", times=2)
    desk.says("paused until it is resumed")
    browser.until("document.activeElement.id === 'resume-do'")
    assert len(set(desk.asked("record_pause"))) == len(stage.sent("record_pause")) == 1
    browser.until(f"document.querySelector('main').innerText.includes('from outside, by {LISTENER}')")

    stage.act(desk.leg, "record_resume", by=BOB)  # a colleague is faster
    browser.js("document.getElementById('pause').hidden = false")
    stage.act(desk.leg, "record_pause", by=BOB)
    desk.press("pause-do")
    desk.says("The recording is already paused by the API.")

    desk.server.instead.clear()
    browser.js(f"document.getElementById('act-to').value = {HOSTILE!r}")
    desk.press("transfer-do")
    desk.says("to")
    assert browser.js("document.querySelectorAll('main img').length") == 0

    desk.press("hangup-do")
    browser.until("document.activeElement.id === 'confirm-no'")
    assert violations(browser) == violations(browser, dark=True, wide=False) == []
    desk.press("confirm-no")
    browser.until("!document.querySelector('dialog') && document.activeElement.id === 'hangup-do'")
    assert stage.sent("hangup") == []
    desk.press("hangup-do")
    browser.until("document.querySelector('dialog')")
    desk.press("confirm-yes")
    desk.says("hung up")
    stage.carrier.run_for(2)
    browser.until("!document.querySelector('.act:not([hidden])')")
    assert len(stage.sent("hangup")) == 1

    _an_agent_takes_a_caller(desk)


def _an_agent_takes_a_caller(desk: Desk) -> None:
    browser, stage = desk.browser, desk.stage
    browser.call("Page.navigate", url=f"{desk.site}queues")
    browser.until("document.querySelector('#take-queue option')")
    browser.js(f"document.getElementById('take-agent').value = {PHONE!r}")
    desk.press("take-do")
    desk.says("No caller is waiting in the queue support now.")

    caller = stage.answered(Caller(Silence(300), HangUp()))
    assert stage.post(f"/calls/{caller.name.call_session_id}/flow", {"flow": "queued"})[0] == 200
    stage.carrier.run_for(4)
    stage.carrier.add_callee(PHONE, Person(Hear("press 1"), Press("1"), Silence(20), HangUp()))
    browser.call("Page.reload")  # the browser has kept where the agent is
    browser.until("document.querySelector('tbody tr')?.innerText.includes('+15550142')")
    assert violations(browser) == violations(browser, dark=True, wide=False) == []
    desk.press("take-do", times=2)
    desk.says("Your phone rings.")
    stage.carrier.run_for(10)
    browser.until("document.querySelector('main').innerText.includes('Nobody waits.')")
    assert [each["to"] for each in stage.sent("dial")] == [PHONE]
    assert stage.store.legs(caller.name.call_session_id)[0].bridged_at
    assert len(browser.complaints) == len([each for each in browser.complaints if "status of" in str(each)])
