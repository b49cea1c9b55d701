"""The keyboard on a real terminal: whatever ends the telephone, the terminal is as it was."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.phone.keyboard import Keyboard

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 30.0

PROGRAM = """
import os, sys
from infra.phone.keyboard import Keyboard
with Keyboard() as keyboard:
    print("<ready>", flush=True)
    while "q" not in (typed := keyboard.typed(60)):
        if typed == "!":
            raise RuntimeError("on purpose")
        if keyboard.suspended:
            keyboard.suspend()
            print("<resumed>", flush=True)
        if typed:
            print(f"<{typed}>", flush=True)
"""


class Terminal:
    """The other end of a terminal that a program runs on."""

    def __init__(self, pid: int, descriptor: int, found: list[Any]) -> None:
        self.pid = pid
        self.descriptor = descriptor
        self.found = found
        """How the terminal was set before the program began."""
        self.shown = ""

    def wait_for(self, text: str) -> None:
        ends = time.monotonic() + TIMEOUT_SECONDS
        while text not in self.shown:
            assert time.monotonic() < ends, f"{text} did not come: {self.shown}"
            if select.select([self.descriptor], [], [], 0.1)[0]:
                self.shown += os.read(self.descriptor, 4_096).decode()

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def is_silent(self) -> bool:
        """Whether keys come one by one and are not shown."""
        return not self.settings()[3] & (termios.ICANON | termios.ECHO)

    def settings(self) -> list[Any]:
        return termios.tcgetattr(self.descriptor)

    def ended_with(self) -> int:
        ends = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < ends:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.descriptor], [], [], 0.05)[0]:
                self.shown += _read(self.descriptor)
        raise AssertionError("it did not end")


def _read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4_096).decode()
    except OSError:
        return ""  # the program has closed its end


@contextmanager
def running(program: str = PROGRAM) -> Iterator[Terminal]:
    """A program whose terminal we hold. A parent process stands for the shell, and sees when the program stops."""
    descriptor, program_end = pty.openpty()
    found = termios.tcgetattr(descriptor)
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-c", SHELL, program],
        os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "functions")])},
        file_actions=[(os.POSIX_SPAWN_DUP2, program_end, number) for number in range(3)],
        setsid=True,
    )
    try:
        yield Terminal(pid, descriptor, found)
    finally:
        os.close(program_end)
        os.close(descriptor)


SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
signal.signal(signal.SIGUSR1, lambda *_: os.kill(child, signal.SIGCONT))
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    print("<stopped>", flush=True)
sys.exit(abs(os.waitstatus_to_exitcode(status)))
"""
"""What a shell does: the program gets the terminal, is waited for, and continues on `fg` (here SIGUSR1)."""


def test_keys_come_one_by_one_and_are_not_shown() -> None:
    with running() as terminal:
        terminal.wait_for("<ready>")
        assert terminal.is_silent()

        terminal.type("1")
        terminal.wait_for("<1>")
        terminal.type("q")

        assert terminal.ended_with() == 0
        assert terminal.shown.count("1") == 1
        assert terminal.settings() == terminal.found


@pytest.mark.parametrize(
    ("typed", "status"), [("!", 1), ("\x03", signal.SIGINT), ("\x04q", 0)], ids=["an exception", "Ctrl-C", "leaving"]
)
def test_the_terminal_is_put_back_however_the_program_ends(typed: str, status: int) -> None:
    with running() as terminal:
        terminal.wait_for("<ready>")

        terminal.type(typed)

        assert terminal.ended_with() == status
        assert terminal.settings() == terminal.found


def test_the_terminal_is_put_back_when_the_program_is_asked_to_end() -> None:
    with running() as terminal:
        terminal.wait_for("<ready>")

        os.kill(terminal.pid, signal.SIGTERM)

        assert terminal.ended_with() == 128 + signal.SIGTERM
        assert terminal.settings() == terminal.found


def test_control_z_gives_the_terminal_back_and_fg_takes_it_again() -> None:
    with running() as terminal:
        terminal.wait_for("<ready>")

        terminal.type("\x1a")
        terminal.wait_for("<stopped>")
        stopped = terminal.settings()
        os.kill(terminal.pid, signal.SIGUSR1)
        terminal.wait_for("<resumed>")

        assert stopped == terminal.found
        assert terminal.is_silent()
        terminal.type("7")
        terminal.wait_for("<7>")
        terminal.type("q")
        assert terminal.ended_with() == 0
        assert terminal.settings() == terminal.found


# A pipe


def test_the_lines_threads_can_wake_a_keyboard_that_is_gone() -> None:
    read, write = os.pipe()
    with Keyboard(read) as keyboard:
        pass
    reused = os.pipe()

    keyboard.wake()

    os.set_blocking(reused[0], False)
    with pytest.raises(BlockingIOError):
        os.read(reused[0], 1)  # nothing was written into what has the closed pipe's place
    for end in (read, write, *reused):
        os.close(end)


@pytest.fixture
def pipe() -> Iterator[tuple[int, Keyboard]]:
    read, write = os.pipe()
    with Keyboard(read) as keyboard:
        yield write, keyboard
    os.close(read)


def test_a_pipe_is_read_as_it_comes_and_its_end_is_noticed(pipe: tuple[int, Keyboard]) -> None:
    write, keyboard = pipe

    os.write(write, b"12\n" + "“".encode()[:2])
    first = keyboard.typed(1)
    os.write(write, "“".encode()[2:])
    rest = keyboard.typed(1)
    os.close(write)
    nothing = keyboard.typed(1)

    assert (first, rest, nothing, keyboard.ended) == ("12\n", "“", "", True)


def test_nothing_in_time_is_nothing(pipe: tuple[int, Keyboard]) -> None:
    write, keyboard = pipe

    assert (keyboard.typed(0.01), keyboard.ended) == ("", False)
    os.close(write)


def test_it_wakes_at_once(pipe: tuple[int, Keyboard]) -> None:
    write, keyboard = pipe
    for _ in range(100_000):
        keyboard.wake()
    began = time.monotonic()

    assert keyboard.typed(TIMEOUT_SECONDS) == ""

    assert time.monotonic() - began < TIMEOUT_SECONDS / 2
    os.close(write)


def test_a_standard_input_that_is_closed_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    with Keyboard() as keyboard:
        assert (keyboard.ended, keyboard.is_terminal, keyboard.typed(0.0)) == (True, False, "")


def test_the_phone_can_be_imported_without_a_posix_terminal() -> None:
    script = (
        "import signal, sys\n"
        "sys.modules |= {'termios': None, 'tty': None}\n"
        "for name in ('SIGHUP', 'SIGTSTP', 'SIGWINCH'): delattr(signal, name)\n"
        "import infra.cli.call_run\n"
        "from infra.phone.keyboard import Keyboard\n"
        "Keyboard()"
    )

    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- this interpreter, with a script of this file

    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].endswith("a call needs a POSIX terminal: on Windows, use WSL")
