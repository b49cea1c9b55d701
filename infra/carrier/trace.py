"""What an observer sees: one typed value for everything that happens, with its virtual time and its leg."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LegName:
    """Who a happening is about. `direction` is incoming or outgoing, seen from the application."""

    call_control_id: str
    call_leg_id: str
    call_session_id: str
    direction: str
    from_: str
    to: str

    @property
    def party(self) -> str:
        """Return the number of the person on this leg: the caller of an incoming leg, the callee of an outgoing one."""
        return self.from_ if self.direction == "incoming" else self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Anything that happened. `at` is virtual seconds since the carrier's start; `leg` is None if none is meant."""

    at: float
    leg: LegName | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Happening):
    """A leg rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Happening):
    """A leg is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridged(Happening):
    """Two legs are bridged."""

    with_leg: LegName


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbridged(Happening):
    """The other leg is gone and this one is parked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp(Happening):
    """A leg is over."""

    cause: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Happening):
    """The party on the leg begins to hear something: `kind` is speech, audio or beep; `what` the text or name."""

    kind: str
    what: str
    seconds: float
    overlay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FellSilent(Happening):
    """What the party was hearing has ended; `status` is Telnyx's (completed, cancelled, call_hangup, …)."""

    kind: str
    what: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Happening):
    """The party presses a key."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoke(Happening):
    """The party begins to speak."""

    seconds: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsSent(Happening):
    """The application sends keys down the line to the party."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSent(Happening):
    """An attempt to deliver an event leaves."""

    event_id: str
    event_type: str
    url: str
    attempt: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswered(Happening):
    """An attempt was answered with `status`, or not at all: then `status` is None and `failure` says why."""

    event_id: str
    event_type: str
    url: str
    attempt: int
    status: int | None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookGivenUp(Happening):
    """An event will not be delivered any more."""

    event_id: str
    event_type: str
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanded(Happening):
    """A command came in. `result` is accepted, ignored (its command_id was seen before) or refused."""

    action: str
    parameters: Mapping[str, Any]
    result: str
    status: int
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged(Happening):
    """A recording is started, paused, resumed, stopped or saved (`change`)."""

    recording_id: str
    change: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded(Happening):
    """Somebody fetches a recording, or is refused it."""

    recording_id: str
    status: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Texted(Happening):
    """A text was taken."""

    from_: str
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbed(Happening):
    """A fault was injected on request."""

    fault: str
    what: str


class Trace:
    """Passes what happens to observers, and keeps it where asked."""

    def __init__(self, *, keep: bool) -> None:
        self.kept: list[Happening] = []
        self._observers: list[Callable[[Happening], None]] = [self.kept.append] if keep else []
        self._held: list[Happening] | None = None

    @property
    def watched(self) -> bool:
        """Say whether anybody looks, so that unseen values need not be made."""
        return bool(self._observers)

    def observe(self, observer: Callable[[Happening], None]) -> None:
        """Call `observer` with every entry from now on, in order, on the thread where it occurs."""
        self._observers.append(observer)

    def add(self, happening: Happening) -> None:
        """Tell everybody."""
        if self._held is not None:
            self._held.append(happening)
            return
        for observer in self._observers:
            observer(happening)

    def hold(self) -> None:
        """Keep back what happens until its cause has been written."""
        if self._held is None:
            self._held = []

    def release(self, cause: Happening) -> None:
        """Tell the cause, then what was kept back."""
        held, self._held = self._held or [], None
        for happening in (cause, *held):
            self.add(happening)
