"""Every `dialtone recordings` command in the docs does what the page says, on a stack by moto."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.cli.recordings import ACTIONS
from tests.integration.custody import operator
from tests.runbooks import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.custody import Operator

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recordings.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCK.findall(PAGE.read_text(encoding="utf-8")) for line in block.splitlines()]
OF_OPERATIONS = [line for line in commands("dialtone") if line.startswith("dialtone recordings ")]


@pytest.fixture
def at_work(aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Operator]:
    del aws
    with operator(monkeypatch, capsys) as someone:
        someone.deploy()
        yield someone


@pytest.mark.parametrize("examples", [COMMANDS, OF_OPERATIONS], ids=["recordings", "operations"])
def test_every_example_runs(
    at_work: Operator, examples: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    at_work.lock()
    at_work.archive(transcript=True)
    at_work.end_call()

    for command in examples:
        program, recordings, *arguments = shlex.split(command)
        assert (program, recordings) == ("dialtone", "recordings"), command
        agreed = ("--yes",) if arguments[0] == "erase" and "--dry-run" not in arguments else ()
        assert at_work.run(*arguments, *agreed)[::2] == (0, ""), command


def test_every_action_has_an_example() -> None:
    assert {shlex.split(command)[2] for command in COMMANDS} == set(ACTIONS)
