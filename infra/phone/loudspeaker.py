"""The loudspeaker: what is said to the caller is spoken, where this machine has a program for it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

WORDS_PER_MINUTE = 160
"""About the pace at which the carrier has texts read out: 15 characters a second."""
FASTEST_WORDS_PER_MINUTE = 450
"""Faster than that nothing can be understood, and espeak-ng refuses it."""

ENDING_SECONDS = 1.0
"""How long a program may take to stop."""


def _espeak(program: str, words_per_minute: int) -> Sequence[str]:
    return [program, "-s", str(words_per_minute), "--stdin"]


def _say(program: str, words_per_minute: int) -> Sequence[str]:
    return [program, "-r", str(words_per_minute), "-f", "-"]


PROGRAMS: Mapping[str, Callable[[str, int], Sequence[str]]] = {"espeak-ng": _espeak, "espeak": _espeak, "say": _say}
"""Programs that speak what they read, the best first: Linux, older Linux, macOS."""

MISSING = "--audio: no speech program is here, so nothing is spoken; install espeak-ng to hear the call."


@dataclass(slots=True)
class Loudspeaker:
    """Speaks one thing at a time. It complains once of what it cannot speak; a call never fails because of it."""

    command: Sequence[str]
    """Empty: nothing is spoken."""
    complain: Callable[[str], None]
    _speaking: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def speaks(self) -> bool:
        """Whether it is still speaking."""
        return self._speaking is not None and self._speaking.poll() is None

    def say(self, words: str) -> None:
        """Speak, in place of what is being spoken."""
        self.hush()
        if not self.command:
            return
        try:
            self._speaking = subprocess.Popen(  # noqa: S603 -- one of PROGRAMS; the words go by a pipe
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C at the telephone is not for the speaker
            )
        except OSError as error:
            self._give_up(f"could not be started ({error.strerror})")
            return
        self._read_out(self._speaking, words)

    def hush(self) -> None:
        """Say no more."""
        speaking, self._speaking = self._speaking, None
        if speaking is None:
            return
        if speaking.poll() is None:
            speaking.terminate()
            try:
                speaking.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                speaking.kill()
                speaking.wait()
        elif speaking.returncode:
            self._give_up(f"ended with {speaking.returncode}: has this machine a sound device?")

    def _read_out(self, speaking: subprocess.Popen[bytes], words: str) -> None:
        """A prompt has about 3,000 characters: less than a pipe holds, so this never waits."""
        if speaking.stdin is None:
            return
        try:
            speaking.stdin.write(words.encode())
            speaking.stdin.close()
        except BrokenPipeError:
            self.hush()

    def _give_up(self, reason: str) -> None:
        self.complain(f"--audio: {self.command[0]} {reason} Nothing is spoken from here on.")
        self.command = ()


def loudspeaker(speed: float, complain: Callable[[str], None]) -> Loudspeaker:
    """The best there is on this machine; one that is silent, and says so, if there is none."""
    words_per_minute = max(1, min(FASTEST_WORDS_PER_MINUTE, round(WORDS_PER_MINUTE * speed)))
    for name, command in PROGRAMS.items():
        if program := shutil.which(name):
            return Loudspeaker(command(program, words_per_minute), complain)
    complain(MISSING)
    return Loudspeaker((), complain)
