"""A telephone on a line that another program keeps up: `dialtone up`, by the API that its page uses as well."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dialtone.domain.decisions import EnteredStep
from dialtone.domain.errors import DialtoneError
from infra.phone.call import CallState
from infra.phone.hearing import CutShort, Lamp, LogLine, Stage, Tone
from infra.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from infra.phone.call import Entry
    from infra.phone.diary import Item

HOST = "127.0.0.1"

ANSWER_SECONDS = 20.0
"""How long an answer may take: the line looks into an emulated AWS for some."""

SILENCE_SECONDS = 10.0
"""After so long without a sign of life, one comes each second, the line is gone."""

RECONNECTING_SECONDS = 3.0
"""How long a line is asked again that has stopped sending."""

UNKNOWN = CallState(
    stage=Stage.RINGING,
    seconds=0.0,
    lamp=Lamp.OFF,
    flow="",
    step="",
    was_answered=False,
    is_silent=False,
    has_nothing_to_say=False,
    is_agent=False,
    is_settled=False,
)
"""Of a call that nothing is known of yet."""


@dataclass(frozen=True, slots=True)
class LineThere:
    """A line that is up, at a port of this machine. Raises DialtoneError, saying what to do, if it is not."""

    port: int

    def about(self) -> dict[str, Any]:
        """What can be called, and where its flows lie."""
        answered = self._asked("GET", "/api/line")
        try:
            about: dict[str, Any] = json.loads(answered)
            version = about["dialtone"]
        except (ValueError, KeyError, TypeError):
            raise DialtoneError(
                f"what listens on port {self.port} is not a line of Dialtone's: {self._remedy}"
            ) from None
        if version != VERSION:
            raise DialtoneError(f"the line is of Dialtone {version}, this is {VERSION}: run both from one installation")
        return about

    def get(self, path: str) -> bytes:
        """What is there."""
        return self._asked("GET", path)

    def post(self, path: str, **body: object) -> dict[str, Any]:
        """What comes of it."""
        answer: dict[str, Any] = json.loads(self._asked("POST", path, json.dumps(body)))
        return answer

    def events(self, path: str, last: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Events as they come, each with its number, until the line stops sending. Raises OSError if it is gone."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SILENCE_SECONDS)
        try:
            connection.request("GET", path, headers={"Last-Event-ID": str(last)})
            stream = connection.getresponse()
            number = 0
            for line in stream if stream.status == HTTPStatus.OK else ():
                field_name, _, value = line.decode().rstrip("\n").partition(": ")
                if field_name == "id":
                    number = int(value)
                elif field_name == "data":
                    yield number, json.loads(value)
        finally:
            connection.close()

    @property
    def _remedy(self) -> str:
        return "run dialtone up in another terminal, or name the port that it shows with --phone-port"

    def _asked(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answered = connection.getresponse()
            content = answered.read()
        except TimeoutError:
            raise DialtoneError(f"the line at port {self.port} does not answer: {self._remedy}") from None
        except (OSError, http.client.HTTPException):
            raise DialtoneError(f"no line is up at port {self.port}: {self._remedy}") from None
        finally:
            connection.close()
        if answered.status >= HTTPStatus.BAD_REQUEST:
            raise DialtoneError(
                _reason(content) or f"what listens on port {self.port} is not a line of Dialtone's: {self._remedy}"
            )
        return content


def _reason(content: bytes) -> str:
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(content)["error"])
    return ""


@dataclass(slots=True)
class RemoteCall:
    """A call on a line of another program."""

    line: LineThere
    id: str
    pace: float
    wake: Callable[[], None]
    _log: list[Entry] = field(default_factory=list)
    _state: CallState = UNKNOWN
    _heard_at: float = field(default_factory=time.monotonic)
    """When the line reported it last."""
    _changed: Condition = field(default_factory=Condition)

    def listen(self) -> None:
        """Hear of it from now on, on a thread of its own."""
        Thread(target=self._run, name="line", daemon=True).start()

    def entries(self, after: int) -> list[Entry]:
        """As PlacedCall's."""
        with self._changed:
            return self._log[after:]

    def state(self) -> CallState:
        """As PlacedCall's."""
        with self._changed:
            state, passed = self._state, time.monotonic() - self._heard_at
        return state if state.stage is Stage.OVER else replace(state, seconds=state.seconds + passed * self.pace)

    def press(self, digits: str) -> None:
        """As PlacedCall's."""
        self._do("press", digits=digits)

    def speak(self, words: str) -> None:
        """As PlacedCall's."""
        self._do("speak", words=words)

    def hang_up(self) -> None:
        """As PlacedCall's."""
        self._do("hang-up")

    def leave(self) -> None:
        """As PlacedCall's."""
        self._do("hang-up", caller=True)

    def switch(self) -> bool:
        """As PlacedCall's."""
        return bool(self._do("switch")["is_agent"])

    def conversation(self) -> Item:
        """As PlacedCall's."""
        item: Item = json.loads(self.line.get(f"/api/calls/{self.id}/conversation"))
        return {**item, "at": datetime.fromisoformat(item["at"])}

    def recorded(self, name: str) -> bytes:
        """As PlacedCall's."""
        return self.line.get(f"/api/calls/{self.id}/recordings/{quote(name, safe='')}")

    def _do(self, action: str, **what: object) -> dict[str, Any]:
        answer = self.line.post(f"/api/calls/{self.id}/{action}", **what)
        with self._changed:  # what was done is not silent, until the line says so
            self._state = replace(self._state, is_silent=False)
        return answer

    def _run(self) -> None:
        last_sign = time.monotonic()
        while not self._is_settled() and time.monotonic() - last_sign < RECONNECTING_SECONDS:
            with suppress(OSError, http.client.HTTPException, ValueError):
                for number, entry in self.line.events(f"/api/calls/{self.id}/events", len(self._log)):
                    self._take(entry)
                    last_sign = time.monotonic()
                    if self._is_settled():
                        return
                    assert number == len(self._log)  # noqa: S101 -- the line counts as we do
            time.sleep(0.2)
        self._lose()

    def _is_settled(self) -> bool:
        return self._state.is_settled

    def _take(self, entry: dict[str, Any]) -> None:
        state = entry["state"]
        with self._changed:
            self._log += [_entry(each) for each in entry["entries"]]
            self._state = CallState(**{**state, "stage": Stage(state["stage"]), "lamp": Lamp(state["lamp"])})
            self._heard_at = time.monotonic()
        self.wake()

    def _lose(self) -> None:
        """The line is gone, and the call with it."""
        seconds = self.state().seconds
        with self._changed:
            if self._state.stage is not Stage.OVER:
                self._log.append(LogLine(seconds, "lost", "the line is gone: dialtone up has ended", Tone.FAULT))
                self._state = replace(self._state, is_lost=True)
            self._state = replace(self._state, stage=Stage.OVER, lamp=Lamp.OFF, seconds=seconds, is_settled=True)
        self.wake()


def _entry(entry: dict[str, Any]) -> Entry:
    kind, content = entry["kind"], {name: value for name, value in entry.items() if name != "kind"}
    if kind == "step":
        return EnteredStep(**content)
    if kind == "cut":
        return CutShort(**content)
    return LogLine(**{**content, "tone": Tone(content["tone"])})


@dataclass(slots=True)
class RemoteTelephone:
    """On a line that another program keeps up."""

    line: LineThere
    pace: float
    at: datetime | None = None
    _wake: Callable[[], None] = lambda: None
    _call: RemoteCall | None = None

    @contextmanager
    def open(self, wake: Callable[[], None]) -> Iterator[None]:
        """As Telephone's. Whatever ends this program hangs up; where nothing can, the line notices."""
        self._wake = wake
        try:
            yield
        finally:
            if self._call is not None and self._call.state().stage is not Stage.OVER:
                with suppress(DialtoneError):
                    self._call.leave()

    def place(self, called: str, *, caller: str, timeout_seconds: float) -> RemoteCall:
        """As Telephone's; how long it rings is the line's to say."""
        del timeout_seconds
        at = self.at.isoformat() if self.at else ""
        placed = self.line.post("/api/calls", called=called, caller=caller, at=at)
        self._call = RemoteCall(self.line, placed["id"], self.pace, self._wake)
        self._call.listen()
        return self._call

    def check(self) -> None:
        """As Telephone's: a line that is gone is the call's news."""

    def holding(self) -> AbstractContextManager[None]:
        """As Telephone's: the line's time is not ours."""
        return nullcontext()
