"""Lambda's Runtime API, as far as the real runtime client asks for it: starts a packed function and gives it events.

    with PackedFunction(package, "webhook.app.handler", environment, runtime) as function:
        answer = function.invoke(event)

AWS's own emulator of it (aws-lambda-rie) does not say when a function asks for its first event, nor does it know
SnapStart's restore.
"""

import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

API = "/2018-06-01/runtime"
DEADLINE_SECONDS = 60
"""The time limit that an invocation is given, if nothing else is said, and how long its answer is waited for."""

FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:packed"


class FunctionFailed(Exception):  # noqa: N818 -- reads as the sentence it is: the function failed
    """It did not start, or its handler raised; with what it wrote."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Python of Lambda's version and the folder that AWS's runtime client is installed in."""

    python: Path
    client: Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation."""

    payload: Any
    at_seconds: float
    """When it came, a reading of the monotonic clock."""


@dataclass(slots=True)
class _Talk:
    """What is said between the server's threads and ours."""

    events: queue.Queue[tuple[bytes, float]] = field(default_factory=queue.Queue)
    """With the time limit of each, in seconds."""
    answers: queue.Queue[tuple[str, bytes, float]] = field(default_factory=queue.Queue)
    asked_at: list[float] = field(default_factory=list)
    restored_at: list[float] = field(default_factory=list)


class PackedFunction:
    """A function as Lambda runs it: from its package alone, with nothing of this machine's Python beside it."""

    def __init__(
        self, package: Path, handler: str, environment: Mapping[str, str], runtime: Runtime, *, snap_start: bool = False
    ) -> None:
        self._command = [str(runtime.python), "-s", "-S", "-B", "-m", "awslambdaric", handler]
        self._package = package
        path = os.pathsep.join([str(package), str(runtime.client)])
        self._environment = {**environment, "PYTHONPATH": path, "LAMBDA_TASK_ROOT": str(package)}
        if snap_start:
            self._environment["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
        self._talk = _Talk()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._talk))
        self._output = ""
        self.started_at = 0.0

    def __enter__(self) -> Self:
        """Start it; its start is over when `asked_at` is there."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{self._server.server_port}"
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 -- our own package
            self._command,
            cwd=self._package,
            env=self._environment | {"AWS_LAMBDA_RUNTIME_API": address, "_HANDLER": self._command[-1]},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked_at(self) -> float:
        """When it asked for its first event, its imports done: a reading of the monotonic clock."""
        return self._talk.asked_at[0]

    @property
    def restored(self) -> bool:
        """Whether it came through a snapshot's restore."""
        return bool(self._talk.restored_at)

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._output

    def invoke(self, event: Any, limit_seconds: float = DEADLINE_SECONDS) -> Answer:  # noqa: ANN401 -- whatever its trigger sends
        """Give it an event and wait for the answer. Raises FunctionFailed."""
        self._talk.events.put((json.dumps(event).encode(), limit_seconds))
        ends = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < ends:
            try:
                what, content, at_seconds = self._talk.answers.get(timeout=0.1)
            except queue.Empty:
                if self._process.poll() is not None:
                    break
                continue
            if what != "response":
                raise FunctionFailed(f"{what}: {content.decode()}\n{self._output}")
            return Answer(json.loads(content), at_seconds)
        raise FunctionFailed(f"it ended or did not answer within {DEADLINE_SECONDS} s:\n{self._output}")

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 -- a pipe was asked for
        with self._process.stdout as lines:
            for line in lines:
                self._output += line


def _handler(talk: _Talk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """The next event, once there is one; or the end of a snapshot, at once."""
            if self.path == f"{API}/restore/next":
                talk.restored_at.append(time.monotonic())
                self._say(200, b"")
                return
            talk.asked_at.append(time.monotonic())
            event, limit_seconds = talk.events.get()
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", f"request-{len(talk.asked_at)}")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + limit_seconds) * 1_000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
            # Without any of these the runtime client dies of a memory fault.
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            """An answer, or an error of the start, the restore or the handler."""
            at_seconds = time.monotonic()
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._say(202, b"{}")
            what = self.path.removeprefix(f"{API}/").rpartition("/")
            talk.answers.put(
                ("response" if what[2] == "response" else self.path.removeprefix(API), content, at_seconds)
            )

        def _say(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
