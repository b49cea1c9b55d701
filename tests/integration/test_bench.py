"""`dialtone bench` in a checkout whose benchmarks are quick: what it writes, keeps, and says when one fails."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialtone.domain.errors import DialtoneError
from infra.cli import bench
from infra.cli.bench import BENCHMARKS
from infra.cli.errors import INTERRUPTED
from infra.cli.main import main

pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).parents[2]

BENCHMARK = """
from pathlib import Path
from tests.benchmarks.section import Goal, Section

def section(*, quick=False):
    with Path("measured.txt").open("a") as file:
        file.write("{name} quick\\n" if quick else "{name}\\n")
    goal = Goal("at most 1", "0.5 times", Path("met").exists())
    return Section("{name}", "About {name}", "![it]({name}.svg)", (goal,), {{"{name}.svg": b"<svg/>"}})
"""
HANGS = """
import time
from pathlib import Path

def section(*, quick=False):
    Path("begun").touch()
    time.sleep(600)
"""
PROMPTLY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with a benchmark of each name."""

    root: Path

    def bench(self, *what: str, quick: bool = False, fresh: bool = False) -> int:
        return bench.run(argparse.Namespace(what=[*what], quick=quick, fresh=fresh), self.root)

    def measured(self) -> list[str]:
        """Give what was measured since this was last asked."""
        file = self.root / "measured.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def module(self, name: str) -> Path:
        return self.root / "tests" / "benchmarks" / f"{BENCHMARKS[name]}.py"

    def commit(self) -> None:
        for command in (["add", "-A"], ["commit", "-qm", "x", "--allow-empty"]):
            git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *command]
            subprocess.run(git, cwd=self.root, check=True)  # noqa: S603 -- in a folder of this test's


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    (tmp_path / "tests" / "benchmarks").mkdir(parents=True)
    for name in ("run.py", "section.py"):
        shutil.copy(ROOT / "tests" / "benchmarks" / name, tmp_path / "tests" / "benchmarks")
    for name in BENCHMARKS:
        made.module(name).write_text(BENCHMARK.format(name=name))
    (tmp_path / ".gitignore").write_text(".cache\n__pycache__\nmeasured.txt\ndocs\n")
    (tmp_path / "met").touch()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607 -- whichever git is on the PATH
    made.commit()
    return made


def test_all_are_measured_and_written_on_a_page(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert checkout.bench() == 0

    assert checkout.measured() == [*BENCHMARKS]
    page = (checkout.root / "docs" / "bench" / "README.md").read_text()
    assert "| [About load](#load): at most 1 | 0.5 times | met |" in page
    assert [line for line in page.splitlines() if line.startswith("## ")] == [f"## About {name}" for name in BENCHMARKS]
    assert (checkout.root / "docs" / "bench" / "load.svg").read_bytes() == b"<svg/>"
    said = capsys.readouterr().out
    assert "[1/8] cold-start … " in said
    assert "    ✓ at most 1: 0.5 times" in said
    assert "Written: docs/bench/README.md" in said


def test_a_goal_that_is_missed_is_said_and_is_no_fault(checkout: Checkout) -> None:
    (checkout.root / "met").unlink()

    assert checkout.bench() == 0

    assert "0.5 times | **not met** |" in (checkout.root / "docs" / "bench" / "README.md").read_text()


def test_in_ci_a_goal_that_is_missed_is_a_fault_and_no_page_is_written(checkout: Checkout) -> None:
    assert checkout.bench("load", quick=True) == 0
    (checkout.root / "met").unlink()

    assert checkout.bench("load", quick=True) == 1

    assert checkout.measured() == ["load quick", "load quick"]
    assert not (checkout.root / "docs").exists()


def test_a_quick_run_measures_what_no_test_holds_and_whatever_is_named(checkout: Checkout) -> None:
    assert checkout.bench(quick=True) == 0

    assert checkout.measured() == [f"{name} quick" for name in BENCHMARKS if name not in {"round-trips", "cost"}]
    assert checkout.bench("cost", quick=True) == 0
    assert checkout.measured() == ["cost quick"]


def test_a_run_that_fails_half_way_says_why_and_goes_on_from_there(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    works = checkout.module("load").read_text()
    checkout.module("load").write_text("def section(*, quick=False):\n    raise LookupError('nothing is built')\n")
    checkout.commit()
    with pytest.raises(
        DialtoneError, match=r"'load' failed; it said:\n(?s:.*)LookupError: nothing is built\n.*is kept"
    ):
        checkout.bench()
    assert checkout.measured() == ["cold-start", "round-trips", "own-cpu", "event-number"]

    with pytest.raises(DialtoneError):
        checkout.bench()
    assert checkout.measured() == [], "what was measured at this commit is not measured again"
    assert "[1/8] cold-start … measured before" in capsys.readouterr().out

    checkout.module("load").write_text(works)
    checkout.commit()
    checkout.bench()
    assert checkout.measured() == [*BENCHMARKS], "another commit is another thing to measure"
    checkout.bench(fresh=True)
    assert checkout.measured() == [*BENCHMARKS]


def test_one_is_measured_again_beside_what_is_known_of_the_others(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.bench("load")
    assert "No page is written: cold-start, round-trips" in capsys.readouterr().out
    assert not (checkout.root / "docs").exists()
    checkout.bench()
    checkout.measured()

    checkout.bench("load")

    assert checkout.measured() == ["load"]
    assert "## About load\n\n![it](load.svg)" in capsys.readouterr().out


def test_what_was_cut_off_while_it_was_written_is_measured_again(checkout: Checkout) -> None:
    checkout.bench()
    checkout.measured()
    kept = checkout.root / ".cache" / "bench" / "load.json"
    kept.write_bytes(kept.read_bytes()[:20])

    checkout.bench()

    assert checkout.measured() == ["load"]


def test_ctrl_c_ends_it_and_what_was_measured_stays(checkout: Checkout) -> None:
    checkout.module("own-cpu").write_text(HANGS)
    program = f"""
import functools, sys
sys.path[:0] = {[str(ROOT), str(ROOT / "functions")]}
from pathlib import Path
from infra.cli import bench
from infra.cli.main import main
bench.run = functools.partial(bench.run, root=Path({str(checkout.root)!r}))
sys.exit(main(["bench"]))
"""
    running = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    ends = time.monotonic() + PROMPTLY_SECONDS
    while time.monotonic() < ends and not (checkout.root / "begun").exists():
        time.sleep(0.05)

    os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to all processes of the command
    said, said_to_stderr = running.communicate(timeout=PROMPTLY_SECONDS)

    assert running.returncode == INTERRUPTED
    assert "[3/8] own-cpu …" in said
    assert said_to_stderr == "\ndialtone: interrupted; everything it started has been ended\n"
    assert checkout.measured() == ["cold-start", "round-trips"]
    assert json.loads((checkout.root / ".cache" / "bench" / "round-trips.json").read_bytes())["name"] == "round-trips"


def test_a_name_that_is_none_is_reported_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "speed"]) == 1

    assert "dialtone: there is no benchmark 'speed': known are cold-start, round-trips" in capsys.readouterr().err


def test_outside_a_checkout_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(DialtoneError, match="run `dialtone bench` in a checkout"):
        Checkout(tmp_path).bench()
