"""The keyboard: key by key from a terminal, which is left as it was found however the call ends; or from a pipe."""

from __future__ import annotations

import codecs
import os
import select
import signal
import sys
from contextlib import suppress
from threading import Lock
from types import FrameType, TracebackType
from typing import Any, Self

from dialtone.domain.errors import DialtoneError

with suppress(ImportError):  # Windows has neither: `Keyboard` raises DialtoneError
    import termios
    import tty


CHUNK_BYTES = 4_096

ENDING_SIGNALS = ("SIGTERM", "SIGHUP")
"""Left alone they end a program where it stands, with the terminal still silent and unbuffered."""

SIGNALLED = 128
"""What shells add to the number of the signal that ended a program."""


class Keyboard:
    """What is typed, as it is typed; a context manager.

    `changed` says that the terminal was resized or taken up again: everything on it has to be drawn anew.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        """Read from a file descriptor, or from standard input; None there means that nothing will be typed.

        Raises DialtoneError on Windows, if `select` waits for no keyboard.
        """
        if not hasattr(signal, "SIGTSTP"):
            raise DialtoneError("a call needs a POSIX terminal: on Windows, use WSL")
        given = descriptor if descriptor is not None else _standard_input()
        self._descriptor = -1 if given is None else given
        self.ended = given is None
        self.is_terminal = given is not None and os.isatty(given)
        self.changed = False
        self._suspended = False
        self._found: list[Any] | None = None
        self._handlers: dict[signal.Signals, Any] = {}
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)
        self._other_wakeup = -1
        self._closing = Lock()
        self._closed = False

    def __enter__(self) -> Self:
        self._other_wakeup = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.Signals[name] for name in ENDING_SIGNALS):
            self._handlers[number] = signal.signal(number, _end)
        if self.is_terminal:
            self._found = termios.tcgetattr(self._descriptor)
            self._handlers[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._suspend_soon)
            self._handlers[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, self._resized)
            self._listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._put_back()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._other_wakeup)
        with self._closing:  # the carrier's threads may still have something to tell
            self._closed = True
            os.close(self._woken)
            os.close(self._wake)

    @property
    def suspended(self) -> bool:
        """Whether Ctrl-Z was pressed: `suspend` is to be called once everything is fit to stand still."""
        return self._suspended

    def wake(self) -> None:
        """Let `typed` return at once; from any thread, also when nobody waits any more."""
        with self._closing, suppress(BlockingIOError):  # full: it will wake
            if not self._closed:
                os.write(self._wake, b"\0")

    def typed(self, within_seconds: float) -> str:
        """What was typed; '' if nothing was in time, or something else woke it. Sets `ended` when no more will come."""
        waits_for = [self._woken] if self.ended else [self._woken, self._descriptor]
        ready, _, _ = select.select(waits_for, [], [], within_seconds)
        if self._woken in ready:
            os.read(self._woken, CHUNK_BYTES)
        return self._read() if self._descriptor in ready else ""

    def suspend(self) -> None:
        """Stop, as Ctrl-Z asks, with the terminal as the shell wants it; returns when the shell lets it go on."""
        self._suspended = False
        self._put_back()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._listen()
        self.changed = True

    def _read(self) -> str:
        try:
            chunk = os.read(self._descriptor, CHUNK_BYTES)
        except OSError:
            chunk = b""  # the terminal is gone
        self.ended = not chunk
        return self._decode(chunk, final=self.ended)

    def _listen(self) -> None:
        """Every key at once and none shown, while Ctrl-C and Ctrl-Z stay what they are."""
        tty.setcbreak(self._descriptor, termios.TCSADRAIN)

    def _put_back(self) -> None:
        if self._found is not None:
            with suppress(termios.error):  # there is no terminal any more
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._found)

    def _suspend_soon(self, _number: int, _frame: FrameType | None) -> None:
        self._suspended = True

    def _resized(self, _number: int, _frame: FrameType | None) -> None:
        self.changed = True


def _standard_input() -> int | None:
    """A program may be started with its standard input closed."""
    return None if sys.stdin is None else sys.stdin.fileno()


def _end(number: int, _frame: FrameType | None) -> None:
    """Leave by way of every block that has something to put back."""
    raise SystemExit(SIGNALLED + number)
