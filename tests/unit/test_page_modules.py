"""The parts of the phone's page that need no browser, run by Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("page_modules.mjs")


@pytest.mark.skipif(
    shutil.which("node") is None, reason="Node is not installed; the API that the page uses is tested in Python"
)
def test_what_the_page_makes_of_a_calls_entries() -> None:
    ran = subprocess.run(["node", "--test", str(TESTS)], capture_output=True, text=True, check=False)  # noqa: S603, S607 -- our own file, whichever Node there is

    assert ran.returncode == 0, ran.stdout + ran.stderr
