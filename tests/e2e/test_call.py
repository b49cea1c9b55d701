"""The telephone in the terminal, on the stack that runs on this machine."""

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pytest

from infra.checkout import SAMPLES
from infra.cli.main import main
from infra.flowkit.conversations.conversation import read_conversations

ROOT = Path(__file__).resolve().parents[2]
DIALTONE = [sys.executable, "-m", "infra.cli.main"]
TIMEOUT_SECONDS = 120.0
"""A call takes a tenth of this; a machine that is busy takes more."""

FAST = "--speed=25"


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "flows"))


def call(*arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [*DIALTONE, "call", "--flows", str(SAMPLES), *map(str, arguments)]
    return subprocess.run(  # noqa: S603 -- our own command
        command, cwd=ROOT, input=typed, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )


def without_times(output: str) -> list[str]:
    """What the lines say, without times."""
    return [line[12:] for line in output.splitlines() if line[:10].strip().endswith("s")]


def in_order(wanted: Iterable[str], lines: list[str]) -> list[str]:
    """What does not come, or comes too early."""
    rest = iter(lines)
    return [text for text in wanted if not any(text in line for line in rest)]


def test_a_call_through_a_pipe_becomes_a_test_that_passes_and_can_be_played(flows: Path, tmp_path: Path) -> None:
    file = flows / "main-menu.test.yaml"
    file.unlink(missing_ok=True)

    kept, when = tmp_path / "kept", ["--at", "2026-03-02T10:00"]
    done = call(
        "+15550100",
        "--flows",
        flows,
        FAST,
        "--save",
        file,
        "--keep",
        kept,
        *when,
        typed='1\n2\n"Hello, this is Ada.\n#\n',
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    expected = [
        "ringing    +15550100, as +15550142",
        "answered",
        "hears      “Welcome to Harbour Dental.",
        "press      1",
        "hears      ♪ opening-hours",
        "press      2",
        "hears      (tone)",
        "recording  started",
        "say        “Hello, this is Ada.”",
        "press      #",
        "hears      “Thank you.",
        "recording  saved",
        "hung up    by the line",
        "kept       ",
    ]
    assert in_order(expected, without_times(done.stdout)) == [], done.stdout
    assert sorted(each.suffix for each in kept.iterdir()) == [".mp3", ".txt"]
    (script,) = read_conversations(file)
    assert script.conversation.at.isoformat() == "2026-03-02T10:00:00+00:00"
    assert script.conversation.ends.recordings == 1

    tested = subprocess.run([*DIALTONE, "flow", "test", file], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own command
    assert tested.returncode == 0, tested.stdout + tested.stderr

    again = call("--script", file, "--flows", flows, FAST)

    assert again.returncode == 0
    acted = [line for line in without_times(done.stdout) if line.startswith(("press", "say", "hung up"))]
    assert [line for line in without_times(again.stdout) if line.startswith(("press", "say", "hung up"))] == acted


class Telephone:
    """A telephone whose keys are pressed from here; a context manager."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603 -- our own command
            [*DIALTONE, "call", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self.process.kill()
        self.process.communicate()

    def type(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def hears(self, text: str) -> None:
        """Wait for it; what was shown before it counts no more."""
        assert self.process.stdout
        ends = time.monotonic() + TIMEOUT_SECONDS
        while text not in self.shown:
            assert time.monotonic() < ends, self.shown
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                chunk = os.read(self.process.stdout.fileno(), 4_096)
                assert chunk, self.shown
                self.shown += chunk.decode()
        self.shown = self.shown.partition(text)[2]


def test_a_flow_that_is_saved_is_heard_at_the_next_call_and_a_broken_one_as_soon_as_it_is_fixed(flows: Path) -> None:
    menu = flows / "main-menu.yaml"
    good = menu.read_text()
    with Telephone("+15550100", "--flows", flows, "--speed=5") as telephone:
        telephone.hears("Welcome to Harbour Dental")
        telephone.type("h\n")
        telephone.hears("hung up")

        menu.write_text(good.replace("Welcome to Harbour Dental", "Good day, this is the harbour"))
        telephone.hears("main-menu.yaml saved: press r to hear it.")
        telephone.type("r\n")
        telephone.hears("Good day, this is the harbour")
        telephone.type("h\n")
        telephone.hears("hung up")

        menu.write_text(good.replace("    menu:", "    menue:", 1))
        telephone.hears("main-menu.yaml:")
        telephone.type("r\n")
        telephone.hears('step "welcome"')
        telephone.hears("The call goes through as soon as that is fixed and saved.")

        menu.write_text(good)
        telephone.hears("answered")
        telephone.hears("Welcome to Harbour Dental")
        telephone.type("q\n")
        telephone.hears("hung up")
        assert telephone.process.wait(TIMEOUT_SECONDS) == 0
        assert telephone.process.stdout
        assert b"Traceback" not in telephone.process.stdout.read()


def test_on_a_terminal_words_appear_one_by_one_and_control_c_leaves_it_as_it_was() -> None:
    descriptor, program_end = pty.openpty()
    termios.tcsetwinsize(descriptor, (24, 100))
    found = termios.tcgetattr(descriptor)
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [*DIALTONE, "call", "+15550102", "--flows", SAMPLES],
        cwd=ROOT,
        env=os.environ | {"TERM": "xterm"},
        stdin=program_end,
        stdout=program_end,
        stderr=program_end,
        start_new_session=True,
    )
    shown = _shown_until(descriptor, "press 2.”")
    silent = not termios.tcgetattr(descriptor)[3] & (termios.ICANON | termios.ECHO)
    os.write(descriptor, b"1")
    shown += _shown_until(descriptor, "recorded-line · card")

    process.send_signal(2)
    _shown_until(descriptor, "everything it started has been ended")

    assert process.wait(TIMEOUT_SECONDS) == 130
    assert silent
    # It is paused for the card as soon as it runs: a busy machine draws only the latter.
    assert "● rec" in shown or "‖ rec paused" in shown
    assert "“This is the\n" in shown.replace("\r", "").replace("\x1b[0m", ""), "words should come one after another"
    assert termios.tcgetattr(descriptor) == found
    os.close(descriptor)
    os.close(program_end)


def _shown_until(descriptor: int, text: str) -> str:
    shown = b""
    ends = time.monotonic() + TIMEOUT_SECONDS
    while text.encode() not in shown:
        assert time.monotonic() < ends, shown.decode(errors="replace")
        if select.select([descriptor], [], [], 0.1)[0]:
            shown += os.read(descriptor, 4_096)
    return shown.decode(errors="replace")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["+15550177"], "leads +15550177 to no flow; call one of +15550100"),
        ([], "which number?"),
        (["+15550100", "--flows", "nowhere"], "nowhere is not a folder"),
        (["+15550100", "--agent", "asleep"], "--agent asleep: give one of person"),
        (["+15550100", "--save", "mine.yaml"], "name it main-menu.test.yaml"),
        (["--script", "nowhere.test.yaml"], "nowhere.test.yaml:1: cannot be read"),
    ],
)
def test_what_cannot_be_called_is_reported_before_anything_starts(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "--flows", str(SAMPLES), *arguments]) == 1

    said, complained = capsys.readouterr()
    assert complained.startswith("dialtone: ")
    assert why in complained
    assert said == ""


def test_nobody_mends_a_flow_at_the_other_end_of_a_pipe(flows: Path) -> None:
    (flows / "main-menu.yaml").write_text("flow: main-menu\nsteps:\n  bye: {hang: up}\n")

    done = call("+15550100", "--flows", flows, typed="1\n")

    assert done.returncode == 1
    assert "main-menu.yaml:3: " in done.stdout
