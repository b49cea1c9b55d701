"""The emulator as a process: started on a port of 127.0.0.1, waited for, ended with everything that it started."""

import http.client
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.checkout import ROOT
from infra.local import keeper
from infra.local.errors import EmulatorError, PortInUseError

HOST = "127.0.0.1"
REGION = "us-east-1"
API_PATH = "/_aws/execute-api/"
"""Below it lies every HTTP API, as ID/STAGE/PATH; their own host names do not resolve on this machine."""
# The emulator takes any key pair that it was started with as the account's root.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"  # noqa: S105 - opens nothing outside this machine

# Up in 0.7 s here; a machine under load, with no bytecode yet, is several times slower.
START_TIMEOUT_SECONDS = 60.0
# The keeper kills without grace and removes one folder.
END_TIMEOUT_SECONDS = 20.0
POLL_SECONDS = 0.05
# One look at whether it answers; a connection made too early waits in the backlog for as long.
PROBE_TIMEOUT_SECONDS = 5.0
LOG_TAIL_LINES = 20
# Connections wait here while the emulator starts.
BACKLOG = 128

# What the emulator and the functions in it may see of this machine's environment: nothing of AWS, Telnyx or a proxy, so
# that no real account can be meant by mistake.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")


@dataclass(frozen=True, slots=True)
class _Process:
    keeper: subprocess.Popen[bytes]
    folder: Path


class Emulator:
    """One emulator; a context manager, so that it cannot be left running.

    `webhook_workers` API calls run at once, the others wait. With `enforce_iam` every call of a function is checked
    against its role, as AWS does. With `keep_garbage` nobody waits while it looks for some: for minutes, not for days.
    Raises PortInUseError, EmulatorError.
    """

    def __init__(
        self, *, port: int = 0, webhook_workers: int = 4, enforce_iam: bool = True, keep_garbage: bool = False
    ) -> None:
        self._wanted_port = port
        self._webhook_workers = webhook_workers
        self._enforce_iam = enforce_iam
        self._keep_garbage = keep_garbage
        self._process: _Process | None = None
        self._ending: str | None = None
        self.port = port

    @property
    def endpoint_url(self) -> str:
        """Where its AWS APIs are."""
        return f"http://{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """Where its files lie; it is removed with it, however that ends."""
        return self._running().folder

    def __enter__(self) -> Self:
        """Start the process; `wait_until_ready` before the first call saves that call's wait."""
        with _listening_socket(self._wanted_port) as listening:
            self.port = listening.getsockname()[1]
            self._process = self._start(listening)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every process of it and remove its files."""
        process, self._process = self._process, None
        if process:
            _end(process.keeper)

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises EmulatorError with the end of its log if it does not."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self._answers():
            if ending := self.ending():
                raise EmulatorError(f"The AWS emulator {ending} while starting. {self._what_it_said()}")
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"The AWS emulator did not answer within {START_TIMEOUT_SECONDS:.0f} s. {self._what_it_said()}"
                )
            time.sleep(POLL_SECONDS)

    def ending(self, within_seconds: float = 0) -> str | None:
        """How it ended, if it has: "ended with 1"."""
        said = self._running().keeper.stdout
        if not self._ending and said and select.select([said], [], [], within_seconds)[0]:
            self._ending = said.readline().decode().strip() or "was ended from outside"
        return self._ending

    def check(self, within_seconds: float = 0) -> None:
        """Raises EmulatorError if it has ended, or does so within these seconds."""
        if ending := self.ending(within_seconds):
            why = self._what_it_said() if ending.startswith("ended with") else "Is there enough memory?"
            raise EmulatorError(f"The AWS emulator {ending}; what was in it is gone. Run this again. {why}")

    def log_tail(self) -> str:
        """The last lines that it wrote."""
        lines = (self._running().folder / keeper.LOG_NAME).read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])

    def _start(self, listening: socket.socket) -> _Process:
        gateway = [sys.executable, "-m", "infra.local.gateway", str(listening.fileno()), str(self._webhook_workers)]
        gateway += ["keep-garbage"] if self._keep_garbage else []
        process = subprocess.Popen(  # noqa: S603 - this interpreter, our own two programs
            [sys.executable, "-I", "-S", keeper.__file__, *gateway],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # `select` must see what was said, not a buffer's rest
            pass_fds=[listening.fileno()],
            start_new_session=True,  # the terminal's Ctrl-C is ours to act upon
        )
        folder = process.stdout.readline().decode().strip() if process.stdout else ""
        if not folder:
            _end(process)
            raise EmulatorError("The AWS emulator could not be started: is there room in the temporary folder?")
        return _Process(process, Path(folder))

    def _environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,  # in the addresses that it gives of queues
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AUTH": str(self._enforce_iam).lower(),
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # it would tidy up containers in a Docker that it finds
            "LOG_LEVEL": "WARNING",
        }

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PROBE_TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/_ministack/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _what_it_said(self) -> str:
        log = self.log_tail()
        return f"The end of its log:\n{log}" if log else ""

    def _running(self) -> _Process:
        if self._process is None:
            raise EmulatorError("The AWS emulator is not running: use it inside its `with` block.")
        return self._process


def _listening_socket(port: int) -> socket.socket:
    """A socket that already listens, so that its port is kept while the emulator starts. 0 takes a free one."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise PortInUseError(port, error.strerror or str(error)) from error
    return listening


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe that keeps it running and wait until all is gone."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(END_TIMEOUT_SECONDS)
    finally:
        if process.stdout:
            process.stdout.close()
