"""Prints a call as it happens: audio, keys, webhooks, commands and what was stored."""

from collections.abc import Callable, Mapping
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from types import TracebackType
from typing import Self

from dialtone.adapters.calls_table import CallsTable
from infra.carrier import trace
from infra.carrier.trace import Happening
from infra.local.call_names import CallNames
from infra.output.terminal import BLUE, BOLD, CYAN, DIM, GREEN, PLAIN, RED, YELLOW, Console

LABEL_CHARACTERS = 9
NAME_CHARACTERS = 8
TEXT_CHARACTERS = 110
"""Longer texts are cut, so that a line stays a line."""

POLL_SECONDS = 1.0
"""Seconds between two checks that the printing thread is alive."""


class Narrator:
    """Tells of calls, on a thread of its own: it reads the table, and the carrier does not wait for that.

    A context manager. With `names` each line says which call it is about: for calls that overlap.
    """

    def __init__(self, console: Console, store: CallsTable, *, names: CallNames | None = None) -> None:
        self._console = console
        self._store = store
        self._names = names
        self._began = 0.0
        self._lines: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._broken: Exception | None = None
        self._thread = Thread(target=self._run, name="narrator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Tell the rest; unless an error or Ctrl-C ends it all, when nothing is waited for."""
        if kind is None:
            self.finish()
        self._lines.put(None)

    def begin(self, title: str, at: float) -> None:
        """A new call; times count from here."""
        self._lines.put(partial(self._begin, title, at))

    def tell(self, happening: Happening) -> None:
        """One line for what happened, if a person wants to know of it."""
        self._lines.put(partial(self._tell, happening))

    def say(self, at: float, label: str, text: str, colour: str = PLAIN) -> None:
        """A line with the call's time in front."""
        self._lines.put(partial(self._say, at, label, text, colour, ""))

    def finish(self) -> None:
        """Return when all that happened until now has been printed. Raises what went wrong with it."""
        printed = Event()
        self._lines.put(printed.set)
        while self._thread.is_alive() and not printed.wait(POLL_SECONDS):
            pass
        if self._broken is not None:
            raise self._broken

    def _run(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                line()
        except Exception as error:  # noqa: BLE001 -- nobody looks at this thread: `finish` raises it
            self._broken = error

    def _begin(self, title: str, at: float) -> None:
        self._began = at
        self._console.line()
        self._console.line(title, BOLD)

    def _tell(self, happening: Happening) -> None:
        if tell := _TELLERS.get(type(happening)):
            label, text, colour = tell(happening)
            if isinstance(happening, trace.WebhookAnswered) and happening.leg:
                text += self._stored(happening.leg.call_session_id, happening.event_id)
            self._say(happening.at, label, text, colour, self._name(happening))

    def _say(self, at: float, label: str, text: str, colour: str, name: str) -> None:
        short = text if len(text) <= TEXT_CHARACTERS else f"{text[: TEXT_CHARACTERS - 1]}…"
        self._console.line(f"{at - self._began:7.1f} s  {name}{label:<{LABEL_CHARACTERS}} {short}", colour)

    def _name(self, happening: Happening) -> str:
        """Which call it is, by the order in which they came; '' if calls come one after another."""
        if self._names is None:
            return ""
        name = self._names.name(happening.leg.call_session_id) if happening.leg else ""
        return f"{name:<{NAME_CHARACTERS}} "

    def _stored(self, session: str, event_id: str) -> str:
        """What the table holds of an event once it is answered."""
        for entry in self._store.timeline(session):
            if entry.event_id == event_id:
                where = f"at {entry.step}, turn {entry.turn}" if entry.step else "before the first step"
                return f", stored {where}" + (f": {entry.reason}" if entry.reason else "")
        return ", nothing stored"


Line = tuple[str, str, str]
"""Label, text and colour of a line."""

_SOUNDS = {
    "audio": "♪ {}",
    "beep": "(tone)",
    "ringing": "(ringing at {})",
    "speech": "“{}”",
    "voice": "“{}”",
}


def _who(happening: Happening) -> str:
    return happening.leg.party if happening.leg else ""


def _heard(happening: trace.Heard) -> Line:
    words = _SOUNDS[happening.kind].format(happening.what)
    return "hears", f"{_who(happening)}  {words}", CYAN


def _commanded(happening: trace.Commanded) -> Line:
    shown = {name: value for name, value in happening.parameters.items() if name in _SHOWN_PARAMETERS}
    parameters = " ".join(f"{name}={_short(value)}" for name, value in shown.items())
    if happening.result == "accepted":
        return "command", f"→ {happening.action} {parameters}", YELLOW
    return "command", f"→ {happening.action} {happening.result}: {happening.code} {happening.detail}", RED


def _answered(happening: trace.WebhookAnswered) -> Line:
    status = happening.status or happening.failure
    return "webhook", f"← {happening.event_type} answered {status}", GREEN if happening.status == 200 else RED  # noqa: PLR2004 -- HTTP's OK


def _short(value: object) -> str:
    text = str(value)
    limit = 40
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_SHOWN_PARAMETERS = frozenset(
    {
        "audio_url",
        "cause",
        "channels",
        "format",
        "loop",
        "max_length",
        "maximum_digits",
        "media_name",
        "payload",
        "play_beep",
        "queue",
        "queue_name",
        "record",
        "record_channels",
        "timeout_secs",
        "to",
        "transcription",
    }
)

_TELLERS: Mapping[type[Happening], Callable[..., Line]] = {
    trace.Rang: lambda each: ("rings", f"{each.leg.from_} calls {each.leg.to}", BLUE),
    trace.Answered: lambda each: ("answered", _who(each), BLUE),
    trace.Bridged: lambda each: ("bridged", f"{_who(each)} and {each.with_leg.party}", BLUE),
    trace.HungUp: lambda each: ("hung up", f"{_who(each)}  {each.cause}, by the {each.source}", BLUE),
    trace.Heard: _heard,
    trace.FellSilent: lambda each: ("silence", f"{each.what} {each.status}", DIM),
    trace.Pressed: lambda each: ("presses", f"{_who(each)}  {each.digit}", CYAN),
    trace.Spoke: lambda each: ("says", f"{_who(each)}  “{each.words}”", CYAN),
    trace.WebhookAnswered: _answered,
    trace.WebhookGivenUp: lambda each: ("webhook", f"{each.event_type} given up: {each.reason}", RED),
    trace.Commanded: _commanded,
    trace.RecordingChanged: lambda each: ("recorder", f"{each.change} at {each.seconds:.1f} s", BLUE),
}
