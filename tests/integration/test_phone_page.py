"""The phone's page in a real browser, where there is one; what it asks the line is tested in test_phone_api.py."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.checkout import SAMPLES
from tests.integration.browser import PROGRAM, Browser
from tests.integration.phone_line import OpenLine

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def heard(text: str) -> str:
    return f"document.getElementById('heard').textContent.includes({text!r})"


def taken(what: str) -> str:
    return (
        f"[...document.querySelectorAll('#picture [data-{what}]')].map((each) => each.dataset.node ?? each.dataset.to)"
    )


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_somebody_without_a_terminal_tries_a_menu(tmp_path: Path) -> None:
    flows = Path(shutil.copytree(SAMPLES, tmp_path / "flows"))
    menu = flows / "main-menu.yaml"
    menu.write_text(menu.read_text().replace("Thank you.", f"Thank you. {HOSTILE}"))
    with Browser(tmp_path / "profile") as browser, ExitStack() as opened:
        line = opened.enter_context(OpenLine(flows))
        browser.call("Page.navigate", url=line.server.address)
        browser.until("document.querySelector('#picture svg')")
        assert browser.js("document.querySelector('#dial select').value") == "+15550100"

        browser.js("document.querySelector('#dial button').click()")
        browser.until(heard("Welcome to Harbour Dental."))
        browser.type("1")
        browser.until(f"{taken('current')}.includes('step:opening-hours')")
        browser.js("document.querySelector('#keypad button[aria-label=\"Press 2\"]').click()")
        browser.until(heard("(tone)"))
        browser.js(
            f"document.querySelector('#say input').value = {HOSTILE!r}; document.querySelector('#say').requestSubmit()"
        )
        browser.until(heard(f"say {HOSTILE}"))
        browser.js("document.activeElement.blur()")
        browser.type("#")
        browser.until(heard("hung up by the line"))

        assert (
            browser.js("document.getElementById('way').textContent")
            == "welcome → opening-hours → message → thanks → bye"
        )
        assert browser.js(taken("current")) == []
        nodes = browser.js(taken("taken"))
        assert {"step:welcome", "step:opening-hours", "step:message", "step:thanks", "step:bye"} < set(nodes)
        assert "step:goodbye" not in nodes
        assert (
            browser.js("document.querySelectorAll('#heard img, #heard script, #picture img, #picture script').length")
            == 0
        )
        assert browser.js("document.querySelectorAll(':is(input, select, button):not([disabled])').length") > 0
        assert browser.js(UNNAMED) == []
        assert browser.complaints == []

        browser.js("document.querySelector('#dial button').click()")
        browser.until("document.getElementById('standing').textContent.startsWith('Connected')")
        opened.close()
        browser.until("document.getElementById('errors').textContent.startsWith('The line is gone')")
        assert browser.js("document.getElementById('standing').textContent").startswith("Over")


UNNAMED = """[...document.querySelectorAll('input, select, button, figure, ol')].filter((each) =>
    !(each.labels?.length || each.textContent.trim() || each.ariaLabel || each.hasAttribute('aria-labelledby'))
).map((each) => each.outerHTML)"""
"""What a screen reader could not name."""
