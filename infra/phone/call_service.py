"""The calls that telephones of this machine make on one line, several at once."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Self

from dialtone.domain.errors import DialtoneError
from infra.carrier.media import UnreadableAudioError
from infra.carrier.parties import as_carriers_show
from infra.carrier.trace import WebhookAnswered
from infra.phone.call import Call
from infra.phone.hearing import LogLine, Receiver, Tone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from infra.carrier.parties import Caller
    from infra.carrier.trace import Happening
    from infra.local.call_names import CallNames
    from infra.phone.phone_system import PhoneSystem

LOOK_SECONDS = 0.5
"""Between two looks at what sends no event when it changes: the ledger, the listeners."""

LEFT_ALONE_SECONDS = 5.0
"""After so long without anybody who listens a call is hung up: its telephone was closed, or killed. A page that is
loaded again, and a network that stumbles, are back sooner."""

MOST_CALLS = 200
"""How many calls are known, the last ones; those that go on are always."""


@dataclass(slots=True)
class CallService:
    """Places calls, and keeps what there is to tell of each; a context manager."""

    system: PhoneSystem
    wake: Callable[[], None] = lambda: None
    """Is called when there is something new of any call, on any thread."""
    names: CallNames | None = None
    """What the line calls each call, where others tell of it as well."""
    _calls: dict[str, Call] = field(default_factory=dict)
    _answered: SimpleQueue[tuple[Call, WebhookAnswered] | None] = field(default_factory=SimpleQueue)
    """Webhooks whose effects are to be looked up."""
    _looked: float = 0.0
    _stopped: bool = False
    _broken: Exception | None = None

    def __enter__(self) -> Self:
        self.system.carrier.observe(self._notice)
        Thread(target=self._run, name="calls", daemon=True).start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._stopped = True
        self._answered.put(None)

    def check(self) -> None:
        """Raises what ended the line, or went wrong with reporting calls."""
        self.system.check()
        if self._broken is not None:
            raise self._broken

    def place(self, called: str, who: Caller, *, caller: str, at: datetime | None = None) -> Call:
        """Let a person call a number, at another time perhaps."""
        carrier, complaint = self.system.carrier, ""
        try:
            self.system.connect([called])
        except UnreadableAudioError as error:
            complaint = str(error)
        with carrier.acting():  # nothing happens before the call is known here
            line = carrier.call(as_carriers_show(caller), called, who, at=at)
            call = Call(self.system, Receiver(line.name, began=carrier.clock.now), line)
            self._forget_the_oldest()
            self._calls[call.session] = call
            if self.names is not None:
                call.log.append(LogLine(0.0, "line", self.names.name(call.session), Tone.QUIET))
        if complaint:
            call.log.append(LogLine(0.0, "fault", f"audio: {complaint}", Tone.FAULT))
        return call

    def call(self, session: str) -> Call:
        """A call by its session. Raises DialtoneError if it is not known, or no more."""
        if session not in self._calls:
            raise DialtoneError("there is no such call: it was made on another line, or is long over")
        return self._calls[session]

    @contextmanager
    def listening(self, call: Call) -> Iterator[None]:
        """Somebody listens to the call meanwhile."""
        with call.changed:
            call.listeners += 1
        try:
            yield
        finally:
            with call.changed:
                call.listeners -= 1
                call.left_alone_since = time.monotonic()

    def _notice(self, happening: Happening) -> None:
        """Called on the carrier's threads, with its lock held."""
        call = self._calls.get(happening.leg.call_session_id) if happening.leg else None
        if call is not None:
            call.take(happening)
            if isinstance(happening, WebhookAnswered):
                self._answered.put((call, happening))
            self.wake()

    def _run(self) -> None:
        try:
            while not self._stopped:
                self._take_next()
                if time.monotonic() - self._looked >= LOOK_SECONDS:
                    self._looked = time.monotonic()
                    self._look_around()
        except Exception as error:  # noqa: BLE001 -- this thread has no caller: `check` raises it
            self._broken = error
            self.wake()

    def _take_next(self) -> None:
        try:
            answered = self._answered.get(timeout=LOOK_SECONDS)
        except Empty:
            return
        if answered is not None:
            call, webhook = answered
            call.take_answer(webhook)
            self.wake()

    def _look_around(self) -> None:
        for call in list(self._calls.values()):
            if not call.is_settled:
                call.look_after()
                self.wake()
            if not call.is_over and not call.listeners and _is_left_alone(call):
                call.leave()

    def _forget_the_oldest(self) -> None:
        over = [session for session, call in self._calls.items() if call.is_settled]
        for session in over[: max(0, len(self._calls) - MOST_CALLS)]:
            del self._calls[session]


def _is_left_alone(call: Call) -> bool:
    return time.monotonic() - call.left_alone_since > LEFT_ALONE_SECONDS
