"""The browser that drives the pages in tests."""

from pathlib import Path

import pytest

from tests.integration.browser import PROGRAM, Browser


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed")
def test_a_page_that_is_left_before_it_answers_is_asked_again_as_the_next_one(tmp_path: Path) -> None:
    leave = "await new Promise(() => { location.href = 'about:blank?second' })"
    with Browser(tmp_path / "profile") as browser:
        browser.until(f"location.href === 'about:blank?second' || {leave}")
