"""Keeps a program and its temporary folder alive exactly as long as their owner.

Run as `python -I -S keeper.py PROGRAM ARGUMENT…`, with a pipe from the owner as standard input. The owner's end of it
closes however the owner ends: by leaving, by Ctrl-C, by SIGKILL. Then the program, every process that it started
and the folder are removed. Standard library only, and run by path, so that it starts at once and needs nothing.

It says one line on standard output when the folder stands (its path), another if the program ends by itself.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread

LOG_NAME = "emulator.log"
FOLDER_VARIABLES = ("TMPDIR", "HOME")
# File descriptors after standard input, output and error, as far as an owner's could reach.
FIRST_HANDED_DOWN = 3
END_OF_HANDED_DOWN = 65_536
# A worker that is just being killed may still write a file into the folder that is being emptied.
REMOVAL_ATTEMPTS = 5


def main(command: list[str]) -> None:
    """Run the command until standard input ends; leave nothing of it behind."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="dialtone-"))
    except OSError:
        return  # the owner, who reads no folder's name, says so
    try:
        program = _start(command, folder)
        try:
            _say(str(folder))
            Thread(target=_tell_its_end, args=(program,), daemon=True).start()
            sys.stdin.buffer.read()
        finally:
            _end_group(program)
    finally:
        _remove(folder)


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """The program in a process group of its own, with the folder for its files and the log for what it says."""
    with (folder / LOG_NAME).open("wb") as log:
        program = subprocess.Popen(  # noqa: S603 - the owner's own command
            command,
            stdin=subprocess.PIPE,  # it ends when the keeper is killed and this pipe with it
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=False,  # the owner hands it a listening socket
            env=os.environ | dict.fromkeys(FOLDER_VARIABLES, str(folder)),
        )
    # The owner's socket is the program's now: held here as well, it would take connections after the program's end.
    pipe = program.stdin.fileno() if program.stdin else END_OF_HANDED_DOWN
    os.closerange(FIRST_HANDED_DOWN, pipe)
    os.closerange(pipe + 1, END_OF_HANDED_DOWN)
    return program


def _tell_its_end(program: subprocess.Popen[bytes]) -> None:
    status = program.wait()
    _say(f"ended with {status}" if status >= 0 else f"was killed (signal {-status})")


def _say(line: str) -> None:
    """To the owner, if it is still there; past Python's buffer, which would complain at exit that it is not."""
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _end_group(program: subprocess.Popen[bytes]) -> None:
    """Everything of it is disposable: no grace, no leftovers."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _remove(folder: Path) -> None:
    for _ in range(REMOVAL_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return


if __name__ == "__main__":
    # The owner's Ctrl-C reaches it as the end of the pipe; so do the signals that a shell sends a closing terminal.
    for terminal_signal in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(terminal_signal, signal.SIG_IGN)
    main(sys.argv[1:])
