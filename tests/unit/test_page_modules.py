"""The parts of pages that need no browser, run by Node: the phone's and the console's."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = [Path(__file__).with_name(name) for name in ("page_modules.mjs", "console_modules.mjs")]


@pytest.mark.skipif(
    shutil.which("node") is None, reason="Node is not installed; the API that the pages use is tested in Python"
)
def test_what_pages_make_of_what_they_receive() -> None:
    ran = subprocess.run(["node", "--test", *map(str, TESTS)], capture_output=True, text=True, check=False)  # noqa: S603, S607 -- our own files, whichever Node there is

    assert ran.returncode == 0, ran.stdout + ran.stderr
