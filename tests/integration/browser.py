"""A real browser, driven over a pipe: headless Chromium and its DevTools protocol, without another library."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""None where there is no browser."""

TIMEOUT_SECONDS = 30.0
CHUNK_BYTES = 65_536
LAUNCHER = "import os, sys; [os.dup2(int(sys.argv[n]), n + 2) for n in (1, 2)]; os.execv(sys.argv[3], sys.argv[3:])"
"""The browser reads commands from file descriptor 3 and answers on 4."""

COMPLAINTS = {"Log.entryAdded", "Runtime.exceptionThrown"}
PAGE_LEFT = (
    "Inspected target navigated or closed",
    "Execution context was destroyed.",
    "Cannot find default execution context",
)
"""How the browser says that the page it was asked about made way for another before it could answer."""


class PageLeftError(Exception):
    """The page was left before it answered."""


class Browser:
    """One page in it; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.complaints: list[Any] = []
        """What the page did that the browser did not allow, and its errors."""
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        options = "--headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run --disable-extensions"
        arguments = [str(PROGRAM), *options.split(), f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(  # noqa: S603 -- the browser of this machine
            [sys.executable, "-c", LAUNCHER, str(commands), str(answers), *arguments],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        self._held = b""
        self._number = 0
        self._session: str | None = None

    def __enter__(self) -> Self:
        (page,) = (each for each in self.call("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_how: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers to a method of its protocol."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            if answer.get("method") in COMPLAINTS:
                self.complaints.append(answer["params"])
        if answer.get("error", {}).get("message") in PAGE_LEFT:
            raise PageLeftError(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            chunk = os.read(self._read, CHUNK_BYTES)
            assert chunk, "the browser has ended"
            self._held += chunk
        message, _, self._held = self._held.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def js(self, expression: str) -> Any:  # noqa: ANN401 -- JSON
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until it holds, over as many pages as it takes."""
        ends = time.monotonic() + TIMEOUT_SECONDS
        while not self._holds(expression):
            assert time.monotonic() < ends, f"{expression}\n{self.js('document.body?.innerText')}\n{self.complaints}"
            time.sleep(0.05)

    def _holds(self, expression: str) -> bool:
        try:
            return bool(self.js(f"(async () => !!({expression}))()"))
        except PageLeftError:
            return False

    def type(self, key: str) -> None:
        """Press a key of the keyboard."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, text=key if kind == "keyDown" else "")
