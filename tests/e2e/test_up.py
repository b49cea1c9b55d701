"""The line that runs until it is interrupted, and the flows that are changed meanwhile."""

import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.checkout import SAMPLES
from infra.phone.remote import LineThere
from tests.e2e.processes import started_by

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 120.0


class Up:
    """`dialtone up`, and what it prints."""

    def __init__(self, flows: Path) -> None:
        command = [sys.executable, "-m", "infra.cli.main", "up", "--flows", str(flows)]
        self.process = subprocess.Popen(  # noqa: S603 -- our own command
            [
                *command,
                "--cloud-port",
                "0",
                "--carrier-port",
                "0",
                "--phone-port",
                "0",
                "--console-port",
                "0",
                "--pace",
                "8",
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line.rstrip())

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit status."""
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(TIMEOUT_SECONDS)
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def prints(self, words: str) -> str:
        """The next line with these words."""
        ends, seen = time.monotonic() + TIMEOUT_SECONDS, []
        while time.monotonic() < ends and (self.process.poll() is None or not self._lines.empty()):
            try:
                seen.append(self._lines.get(timeout=0.5))
            except queue.Empty:
                continue
            if words in seen[-1]:
                return seen[-1]
        raise AssertionError(f"never printed “{words}”:\n" + "\n".join(seen))


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "flows"))


@pytest.fixture
def up(flows: Path) -> Iterator[Up]:
    running = Up(flows)
    try:
        yield running
    finally:
        running.interrupt()


def test_flows_that_are_saved_are_taken_up_and_a_phone_that_rings_in_hears_them(
    up: Up, flows: Path, tmp_path: Path
) -> None:
    up.prints("The line is up.")
    assert "+15550198" not in up.prints("numbers: ")
    up.prints("people who can be rung")
    command = up.prints("from another terminal: ").partition("terminal: dialtone ")[2]
    console = up.prints("to see calls").rpartition(" ")[2]
    assert httpx.get(f"{console}api/calls", timeout=30).json()["calls"] == []

    with (flows / "numbers.yaml").open("a") as numbers:
        numbers.write('"+15550198": languages\n')
    up.prints("saved: numbers.yaml; the next call hears it")

    (flows / "languages.yaml").write_text("flow: languages\nsteps:\n  bye: {hang: up}\n")
    up.prints("languages.yaml:3:3: error")
    up.prints("saved: languages.yaml")

    menu = flows / "main-menu.yaml"
    menu.write_text(menu.read_text().replace("Welcome to Harbour Dental.", "Good day."))
    done = subprocess.run(  # noqa: S603 -- our own command
        [sys.executable, "-m", "infra.cli.main", *shlex.split(command), "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        input='2\n"Hello, this is Ada.\n#\n',
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "“Good day. For our" in done.stdout
    assert "call 1   presses   +15550142  2" in up.prints("presses")
    assert sorted(each.suffix for each in (tmp_path / "kept").iterdir()) == [".mp3", ".txt"]

    line = LineThere(int(command.split("--phone-port ")[1].split()[0]))
    placed = line.post("/api/calls", called="+15550100")
    events = line.events(f"/api/calls/{placed['id']}/events", 0)
    steps = (entry["step"] for _, message in events for entry in message["entries"] if entry["kind"] == "step")
    assert next(steps) == "welcome"
    steps.close()

    (keeper,) = started_by(up.process.pid, "infra/local/keeper.py")
    (emulator,) = started_by(keeper, "infra.local.gateway")
    os.kill(emulator, signal.SIGKILL)
    up.prints("dialtone: The AWS emulator was killed (signal 9); what was in it is gone. Run this again.")
    assert up.process.wait(TIMEOUT_SECONDS) == 1
