"""What make says where it cannot do what it is asked: early, and what to do."""

import subprocess
from pathlib import Path

import pytest

from infra.checkout import ROOT

NO_INDEX = """#!/bin/sh
case "$*" in *venv*)
  mkdir -p "$4/bin"
  printf '#!/bin/sh\\necho no route to the index >&2; exit 1\\n' > "$4/bin/pip"
  chmod +x "$4/bin/pip";;
esac
"""
"""A Python whose environments have a pip that reaches nothing."""


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Neither version of Python is looked for: that takes a while, and is not what is asked here.
    command = ["make", "--no-print-directory", "PYTHON_OF_LAMBDA=python3", "PYTHON=python3", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- make itself


def program(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)
    return file


def test_an_environment_that_is_none_is_refused_before_anything_is_packed() -> None:
    done = make("deploy", "ENV=staging")

    assert done.returncode == 2
    assert 'ENV is "staging": say ENV=dev or ENV=prod' in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("version", ["exit 1", "exit 127"])
def test_a_python_that_is_too_old_or_none_is_called_that(version: str, tmp_path: Path) -> None:
    old = program(tmp_path / "python", f"#!/bin/sh\n{version}\n")

    done = make("setup", f"PYTHON={old}", f"VENV={tmp_path}/venv")

    assert done.returncode == 2
    assert f'PYTHON is "{old}", which is not Python 3.11 or newer.' in done.stderr
    assert "venv module" not in done.stderr


def test_what_cannot_be_installed_without_a_network_says_so(tmp_path: Path) -> None:
    python = program(tmp_path / "python", NO_INDEX)

    done = make("setup", f"PYTHON={python}", f"VENV={tmp_path}/venv")

    assert done.returncode == 2
    assert "no route to the index" in done.stderr
    assert "the same make goes on from here" in done.stderr
    assert not (tmp_path / "venv" / "installed").exists()


@pytest.mark.parametrize(("made_in", "anew"), [("", False), ("/elsewhere", True)])
def test_a_checkout_that_was_moved_makes_its_environment_anew(made_in: str, *, anew: bool, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    program(venv / "bin" / "dialtone", f"#!{made_in or tmp_path}/venv/bin/python\n")
    for stamp in ("installed", "project"):
        (venv / stamp).touch()

    done = make("--dry-run", "setup", f"VENV={venv}")

    assert done.returncode == 0
    assert ("Setting up" in done.stdout) is anew


def test_some_tests_alone_are_not_held_to_the_coverage_of_all() -> None:
    done = make("--dry-run", "test", "TESTS=tests/unit")

    assert "tests/unit" in done.stdout
    assert "--cov" not in done.stdout
