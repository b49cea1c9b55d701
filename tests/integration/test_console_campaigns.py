"""The console's pages on campaigns: a real browser and the API, in one process."""

import csv
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from control.console_files import STATIC
from dialtone.adapters.campaigns_table import CampaignsTable
from dialtone.client import Client
from dialtone.domain.campaigns.attempt import Attempt
from dialtone.domain.campaigns.campaign import PAUSED, RUNNING
from dialtone.domain.campaigns.outcomes_and_redials import CUT_OFF, NO_ANSWER, OUTCOMES, PERSON
from dialtone.domain.campaigns.progress import Progress
from dialtone.domain.campaigns.recipient import Recipient
from infra.operations.campaigns import words
from infra.pages.console import ConsoleSite
from infra.pages.server import LocalServer
from tests.integration.accessibility import violations
from tests.integration.browser import PROGRAM, Browser
from tests.integration.campaign_example import CAMPAIGN, FLOW
from tests.integration.control_server import LISTENER, ControlServer
from tests.simulation.controlled import ControlledStage

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")

HOSTILE = "<img src=x onerror=alert(1)>"
BEGAN = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp())


def dialling(minutes: int) -> Progress:
    """A campaign that has dialled for so long: people answer, some of them put down, one number does not answer."""
    progress = Progress().took(60 * minutes, end_of_part=False)
    for minute in range(minutes):
        at = BEGAN + 60 * minute
        progress = progress.with_dials(60, 1.0, at).with_outcome(PERSON, 40)
        for row in range(minute % 9):
            progress = progress.with_call(row, 1, CUT_OFF, at + 30).with_call(row, 1, PERSON, at + 40)
    return progress.with_call(9, 1, NO_ANSWER, BEGAN).with_refusal("suppressed").with_refusal("later_rule")


def test_a_person_watches_a_campaign_takes_its_results_and_pauses_it(tmp_path: Path) -> None:
    stage = ControlledStage("steps: {bye: hangup}\n", tmp_path)
    store = CampaignsTable(stage.table, "calls")  # type: ignore[arg-type]  # in memory
    ordered = replace(
        CAMPAIGN, recipients=2_400, consent=HOSTILE, status=RUNNING, starts_at=BEGAN, estimated_dollars=14.2
    )
    store.order(ordered, FLOW)
    zoe = Attempt.of("water-off", 0, Recipient(2, "+15550100002", ("UTC",), {"street": '=1+1, "x"'}))
    attempts = [zoe.claimed(BEGAN).ended(ordered, PERSON, BEGAN + 40, 31)]
    _, progress = store.commit("water-off", attempts, dialling(30), now=BEGAN + 30 * 60)

    with ExitStack() as opened:
        server = opened.enter_context(ControlServer(stage.control))
        client = opened.enter_context(Client(server.url, "eu-west-1", Credentials("AKIDEXAMPLE", "secret")))
        faults: list[Exception] = []
        routes = ConsoleSite(client, "https://audio.example").routes()
        site = opened.enter_context(LocalServer(0, faults.append, routes)).address
        browser = opened.enter_context(Browser(tmp_path / "profile"))

        browser.call("Page.navigate", url=f"{site}campaigns")
        browser.until("document.querySelector('tbody a')")
        assert violations(browser) == violations(browser, dark=True, wide=False) == []
        browser.js("document.querySelector('tbody a').click()")
        browser.until("document.querySelectorAll('.course').length === 4")
        said = browser.js("document.querySelector('main').innerText")
        for part in ("1,202 of 2,400", "heard by a person", "on the suppression list", "later rule", "$14.20 at most"):
            assert part in said, part
        assert HOSTILE in said
        assert browser.js("document.querySelectorAll('main img, main script').length") == 0
        assert violations(browser) == violations(browser, dark=True, wide=False) == []

        browser.js("document.querySelector('summary').click()")
        store.commit("water-off", [], replace(progress, dials=1_860), now=BEGAN + 31 * 60)
        browser.until("document.querySelector('main').innerText.includes('1,860')")
        assert browser.js("document.querySelector('details').open")

        browser.js("URL.createObjectURL = (blob) => { window.saved = blob; return '#'; }")
        browser.js("document.getElementById('results').click()")
        browser.until("window.saved")
        (row,) = csv.DictReader(browser.js("window.saved.text()").splitlines())
        assert (row["number"], row["outcomes"], row["given_street"]) == ("'+15550100002", PERSON, '\'=1+1, "x"')

        browser.js("document.querySelector('[name=reason]').value = 'wrong street'")
        browser.js("document.getElementById('pause-do').click()")
        browser.until(f"document.querySelector('main').innerText.includes('paused: by {LISTENER}: wrong street')")
        browser.until("!document.getElementById('resume').hidden && document.getElementById('pause').hidden")
        assert store.campaign("water-off").status == PAUSED  # type: ignore[union-attr]
        browser.js("document.getElementById('cancel-do').click()")
        browser.until("document.querySelector('dialog')")
        assert violations(browser) == []
        assert browser.complaints == faults == []


def test_pages_and_commands_have_the_same_words_for_outcomes_and_rules() -> None:
    source = (STATIC / "course.js").read_text(encoding="utf-8")

    for word, plain in {**words.OUTCOMES, **words.RULES}.items():
        assert f'{word}: "{plain}"' in source
    assert set(words.OUTCOMES) == set(OUTCOMES)
