"""What a newcomer sees: the demo, from the command line."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.checkout import SAMPLES

ROOT = Path(__file__).resolve().parents[2]
DEMO_SECONDS = 120
"""It takes a tenth of this; a machine that is busy takes more."""

COMING_UP_SECONDS = 2.0
ENDING_SECONDS = 15
"""It takes one or two."""

TIME_AND_IDS = re.compile(r"^ *[\d.]+ s +")


def edited_checkout(folder: Path) -> Path:
    """A checkout whose menus somebody has edited, removed and added to."""
    for name in ("infra", "functions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("docs", "template.yaml", "pyproject.toml", "tests"):
        (folder / name).symlink_to(ROOT / name)
    menus = folder / "functions" / "flows"
    shutil.rmtree(menus, ignore_errors=True)
    shutil.copytree(SAMPLES, menus)
    menu = (menus / "main-menu.yaml").read_text(encoding="utf-8")
    (menus / "main-menu.yaml").write_text(menu.replace("1: ", "4: "), encoding="utf-8")
    (menus / "announcement.yaml").unlink()
    (menus / "mine.yaml").write_text("flow: mine\nlast_resort: bye\nsteps:\n  bye: hangup\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def demo(checkout: Path) -> subprocess.CompletedProcess[str]:
    """In an edited checkout, since the samples that it plays are its own."""
    return run_in(checkout, "infra.cli.main", "demo")


def run_in(checkout: Path, *module: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", *module],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": f"{checkout}{os.pathsep}{checkout / 'functions'}"},
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        check=False,
    )


def test_the_demo_holds_everything_that_it_checks(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout[-4_000:] + demo.stderr[-4_000:]
    assert "Everything holds" in demo.stdout
    assert "Its console is at http://127.0.0.1:4582/" in demo.stdout
    assert "✗" not in demo.stdout


def test_ctrl_c_ends_it_at_once_while_the_stack_comes_up() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.cli.main", "demo"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions'}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        time.sleep(COMING_UP_SECONDS)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all processes of the command
        _, said = process.communicate(timeout=ENDING_SECONDS)

    assert process.returncode == 130
    assert "Traceback" not in said


def test_the_demo_is_plain_text_in_a_pipe(demo: subprocess.CompletedProcess[str]) -> None:
    assert "\x1b" not in demo.stdout
    assert demo.stderr == ""


def test_the_readme_shows_what_the_demo_prints(demo: subprocess.CompletedProcess[str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)

    printed = [_without_time(line) for line in demo.stdout.splitlines()]

    assert [line for line in shown.splitlines() if _without_time(line) not in printed] == []


def test_a_command_without_a_project_takes_the_checkouts_menus_and_the_samples_once_they_are_gone(
    checkout: Path,
) -> None:
    edited = run_in(checkout, "infra.cli.main", "flow", "lint").stdout
    shutil.rmtree(checkout / "functions" / "flows")
    gone = run_in(checkout, "infra.cli.main", "flow", "lint").stdout

    assert "numbers.yaml in functions/flows: " in edited
    assert gone.endswith("numbers.yaml in infra/samples: 0 errors, 0 warnings\n")


def test_the_pictures_are_those_of_the_samples_whatever_the_checkouts_menus_are(checkout: Path) -> None:
    tested = run_in(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/test_flow_draw_pictures.py")

    assert tested.returncode == 0, tested.stdout


def _without_time(line: str) -> str:
    return TIME_AND_IDS.sub("", line).rstrip()
