"""A phone line in this process that telephones of other programs ring into: the real webhook code, no emulated AWS."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from dialtone.domain.decisions import Decision, EnteredStep
from infra.checkout import SAMPLES
from infra.flowkit.stage import Stage
from infra.flowkit.watched_flows import WatchedFlows
from infra.local.call_names import CallNames
from infra.pages.assets import assets
from infra.pages.server import LocalServer
from infra.phone.api import PhoneApi
from infra.phone.call_service import CallService
from infra.phone.clock_thread import ClockThread
from infra.phone.people import people

PACE = 30.0

TIMEOUT_SECONDS = 30.0
"""A call takes a tenth of this; a machine that is busy takes more."""


class StagedLine(Stage):
    """A stage whose time passes by itself, as a telephone needs it."""

    def __init__(self, flows: Path = SAMPLES) -> None:
        super().__init__(flows=flows, library=WatchedFlows(flows))
        self.carrier.pump.pace = PACE
        self.entered: dict[str, list[EnteredStep]] = {}
        self.decided = self._note
        people([]).move_in(self.carrier.exchange)

    def _note(self, decision: Decision) -> None:
        self.entered.setdefault(decision.call.session_id, []).extend(decision.entered)

    def connect(self, numbers: Iterable[str]) -> None:
        (application,) = self.carrier.exchange.applications.values()
        self.carrier.add_application(application, numbers)

    def check(self) -> None:
        """Nothing of it can end by itself."""

    def last_fault(self) -> str:
        return ""

    def stored_object(self, key: str) -> bytes:
        return key.encode()

    def steps_taken(self, session: str, after: int) -> list[EnteredStep]:
        return self.entered.get(session, [])[after:]


class OpenLine:
    """The line with its API at a port; a context manager."""

    def __init__(self, flows: Path = SAMPLES) -> None:
        self.staged = StagedLine(flows)
        self.faults: list[Exception] = []
        self.calls = CallService(self.staged, names=CallNames())
        self.phones = PhoneApi(self.calls, flows, PACE)
        self.server = LocalServer(0, self.faults.append, [*assets("phone.html"), *self.phones.routes()])
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.calls)
        self._open.enter_context(ClockThread(self.staged.carrier, lambda: None))
        self._open.callback(self.staged.carrier.close)
        self._open.enter_context(self.server)
        return self

    def __exit__(self, *_how: object) -> None:
        self._open.close()
        self.calls.check()
        assert self.faults == []

    def ask(self, method: str, path: str, **body: object) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answered = connection.getresponse()
            content = answered.read()
            return answered.status, json.loads(content) if answered.headers.get_content_subtype() == "json" else content
        finally:
            connection.close()

    def place(self, called: str, **more: str) -> Listener:
        """A call that somebody listens to."""
        status, placed = self.ask("POST", "/api/calls", called=called, **more)
        assert status == HTTPStatus.CREATED, placed
        return Listener(self, placed["id"])


class Listener:
    """Somebody who hears a call, by its events; a context manager, at whose end the connection breaks."""

    def __init__(self, line: OpenLine, call: str, last_event: int = 0) -> None:
        self.line, self.call = line, call
        self.entries: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {}
        self.number = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", line.server.port, timeout=10)
        self._connection.request("GET", f"/api/calls/{call}/events", headers={"Last-Event-ID": str(last_event)})
        self._stream = self._connection.getresponse()
        self._events = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_how: object) -> None:
        self._stream.close()
        self._connection.close()

    def _read(self) -> Iterator[None]:
        ends = time.monotonic() + TIMEOUT_SECONDS
        for line in self._stream:
            assert time.monotonic() < ends, f"{self.printed}\n{self.state}"
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                self.number = int(value)
            elif name == "data":
                printed = json.loads(value)
                self.entries += printed["entries"]
                self.state = printed["state"]
                yield

    def hears(self, text: str) -> None:
        """Wait until a line with this text is shown."""
        self._until(lambda: text in self.printed)

    def comes_to(self, step: str) -> None:
        """Wait until the call stands at a step."""
        self.until("step", step)

    def takes(self, steps: int) -> None:
        """Wait until the call has come on by so many steps."""
        self._until(lambda: len(self.route) >= steps)

    def until(self, name: str, value: object = True) -> None:  # noqa: FBT002 -- reads as it is meant
        """Wait until the state has that."""
        self._until(lambda: self.state.get(name) == value)

    def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            assert next(self._events, self) is None, f"the line has ended the stream:\n{self.printed}\n{self.state}"

    @property
    def printed(self) -> str:
        return "\n".join(f"{each['label']} {each['text']}" for each in self.entries if each["kind"] == "line")

    @property
    def route(self) -> list[str]:
        """The steps by which it came on; one that was entered again by itself counts once."""
        return [f"{each['flow']}.{each['step']}" for each in self.entries if each["kind"] == "step" and each["edge"]]

    def does(self, action: str, **what: object) -> Any:  # noqa: ANN401 -- JSON
        status, answer = self.line.ask("POST", f"/api/calls/{self.call}/{action}", **what)
        assert status == HTTPStatus.OK, answer
        return answer
