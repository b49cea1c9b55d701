"""`dialtone flow lint` at the prompt."""

import json
import re
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


def test_without_a_path_and_a_project_the_samples_are_looked_at_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint() == 0
    said = capsys.readouterr()
    assert re.fullmatch(r"\d+ flows, \d+ calendars?, numbers.yaml in infra/samples: 0 errors, 0 warnings\n", said.out)
    assert "the samples, since no project lies in this folder or above" in said.err


def test_a_broken_file_beside_is_found_in_a_folder_without_a_project(
    warned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    warned.write_text(WARNED.replace("{1: b}", "{1: c}"), encoding="utf-8")
    monkeypatch.chdir(warned.parent)

    assert lint() == 1
    assert 'desk.yaml:5:12: error: step "a"' in capsys.readouterr().out


def test_errors_make_the_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(FLOWS / "faulty") == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "1 flow, 0 calendars, numbers.yaml in tests/flows/faulty: 11 errors, 0 warnings"
    )


def test_silenced_errors_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--strict", FLOWS / "accepted") == 0
    assert capsys.readouterr().out == (
        "1 flow, 0 calendars, numbers.yaml in tests/flows/accepted: 0 errors, 0 warnings, 2 silenced\n"
    )


def test_warnings_make_the_status_1_only_if_asked(warned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(warned) == 0
    assert lint("--strict", warned) == 1
    assert "[missing-otherwise]" in capsys.readouterr().out


def test_several_paths_are_looked_at(warned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint(warned, FLOWS / "accepted", "--format", "json") == 0
    assert {Path(each["file"]).parent.name for each in json.loads(capsys.readouterr().out)} == {
        warned.parent.name,
        "accepted",
    }


def test_github_gets_nothing_where_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--format", "github", FLOWS / "accepted") == 0
    assert capsys.readouterr().out == ""


def test_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--rules") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(rules())


def test_a_rule_is_explained_by_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--explain", "dead-end") == 0
    assert capsys.readouterr().out == (ROOT / "docs" / "lint" / "dead-end.md").read_text(encoding="utf-8")


def test_a_rule_that_is_none_is_reported_with_the_likely_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("--explain", "deadend") == 1
    assert capsys.readouterr().err == "dialtone: deadend is not a rule; did you mean dead-end?\n"
