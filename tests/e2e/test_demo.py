"""What a newcomer sees: the demo, from the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIALTONE = Path(sys.executable).with_name("dialtone")
DEMO_SECONDS = 120
"""It takes a tenth of this; a machine that is busy takes more."""

TIME_AND_IDS = re.compile(r"^ *[\d.]+ s +")


@cache
def played() -> subprocess.CompletedProcess[str]:
    command = [str(DIALTONE), "demo"]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEMO_SECONDS, check=False)  # noqa: S603 -- our own command


def test_the_demo_holds_everything_that_it_checks() -> None:
    demo = played()

    assert demo.returncode == 0, demo.stdout[-4_000:] + demo.stderr[-4_000:]
    assert "Everything holds" in demo.stdout
    assert "✗" not in demo.stdout


def test_the_demo_is_plain_text_in_a_pipe() -> None:
    demo = played()

    assert "\x1b" not in demo.stdout
    assert demo.stderr == ""


def test_the_readme_shows_what_the_demo_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)

    printed = [_without_time(line) for line in played().stdout.splitlines()]

    assert [line for line in shown.splitlines() if _without_time(line) not in printed] == []


def _without_time(line: str) -> str:
    return TIME_AND_IDS.sub("", line).rstrip()
