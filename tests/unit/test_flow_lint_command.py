"""`dialtone flow lint` at the prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.cli.main import main
from infra.flowkit.linting.rule import rules

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ROOT / "tests" / "flows"

WARNED = "flow: desk\nsteps:\n  a:\n    menu: Press 1.\n    keys: {1: b}\n  b: hangup\n"


def lint(*arguments: str | Path) -> int:
    return main(["flow", "lint", *map(str, arguments)])


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    """A flow with a warning and no error."""
    file = tmp_path / "desk.yaml"
    file.write_text(WARNED, encoding="utf-8")
    return file


def test_without_a_path_the_shipped_flows_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint() == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings\n"


def test_errors_make_the_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(FLOWS / "faulty") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "11 errors, 0 warnings"


def test_silenced_errors_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--strict", FLOWS / "meant") == 0
    assert capsys.readouterr().out == "0 errors, 0 warnings, 2 silenced\n"


def test_warnings_make_the_status_1_only_if_asked(warned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(warned) == 0
    assert lint("--strict", warned) == 1
    assert "[missing-otherwise]" in capsys.readouterr().out


def test_several_paths_are_looked_at(warned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(warned, FLOWS / "meant", "--format", "json") == 0
    assert {Path(each["file"]).parent.name for each in json.loads(capsys.readouterr().out)} == {
        warned.parent.name,
        "meant",
    }


def test_github_is_told_nothing_where_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--format", "github", FLOWS / "meant") == 0
    assert capsys.readouterr().out == ""


def test_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--rules") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(rules())


def test_a_rule_is_explained_by_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--explain", "dead-end") == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "lint" / "dead-end.md").read_text(encoding="utf-8")


def test_a_rule_that_is_none_is_told_with_the_likely_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--explain", "deadend") == 1
    assert capsys.readouterr().err == "dialtone: deadend is not a rule; did you mean dead-end?\n"
