"""Callers and callees as scripts: what they hear, press, say, and when they hang up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dialtone.domain.hangup_causes import CALL_REJECTED, USER_BUSY
from infra.carrier import calls, dialling
from infra.carrier.clock import Timer
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, LegState, Nature, Party, Playing, Sound
from infra.carrier.rendering import Voice

#: From one key to the next where several are pressed in a row.
BETWEEN_KEYS_SECONDS = 0.3
#: How long a person waits to hear something, or for an answer, before hanging up.
TIMEOUT_SECONDS = 120.0
RINGING_TIMEOUT_SECONDS = 60.0
#: The beep at the end of a machine's greeting.
BEEP_SECONDS = 0.5


def as_carriers_show(caller: str) -> str:
    """What carriers give as the number of a caller who withholds it."""
    return "anonymous" if caller == "withheld" else caller


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys, `after` seconds."""

    digits: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Say:
    """Speak for a time; the words end up in transcriptions."""

    seconds: float
    words: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say and do nothing for a time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hear:
    """Wait until this text, or the name of this audio, is heard; hang up if that takes longer than `within` seconds.

    `kind` limits what counts: speech, audio, beep, voice (of a bridged party) or keys.
    """

    text: str
    within: float = TIMEOUT_SECONDS
    kind: str | None = None


#: Wait for the end of a recording's beep.
BEEP = Hear("beep", kind="beep")


@dataclass(frozen=True, slots=True)
class HangUp:
    """Put the receiver down, `after` seconds."""

    after: float = 0.0


Step = Press | Say | Silence | Hear | HangUp


@dataclass(frozen=True, slots=True, init=False)
class Caller:
    """A person who calls: `Caller(Hear("press 1"), Press("1"), Hear("beep"), Say(5), HangUp())`.

    The steps begin when the call is answered; after the last one the caller stays on the line until it ends.
    """

    steps: tuple[Step, ...]
    gives_up_after: float

    def __init__(self, *steps: Step, gives_up_after: float = RINGING_TIMEOUT_SECONDS) -> None:
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "gives_up_after", gives_up_after)


@dataclass(frozen=True, slots=True, init=False)
class Person:
    """A person who is called, and answers."""

    steps: tuple[Step, ...]
    answers_after: float
    nature: Nature

    def __init__(self, *steps: Step, answers_after: float = 3.0, nature: Nature = Nature.HUMAN) -> None:
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "answers_after", answers_after)
        object.__setattr__(self, "nature", nature)


@dataclass(frozen=True, slots=True)
class Machine:
    """An answering machine: it greets, may beep, records what it hears, and hangs up when it had enough."""

    greeting_seconds: float = 6.0
    beep: bool = True
    answers_after: float = 4.0
    greeting: str = "Please leave a message after the tone."
    records_seconds: float = 120.0
    nature: Nature = Nature.MACHINE


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody answers. `network_gives_up_after` makes the network end the ringing before the dial's own time-out."""

    network_gives_up_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unreached:
    """The call is refused with a hangup cause; see Busy, Rejects and Unknown."""

    cause: str
    after: float = 0.5


Callee = Person | Machine | NoAnswer | Unreached


def Fax() -> Machine:  # noqa: N802 - reads like the other callees
    """Return a fax machine: it sends its tone, and hangs up when no fax answers."""
    return Machine(
        greeting_seconds=3, beep=False, greeting="(fax tones)", records_seconds=40, nature=Nature.FAX, answers_after=4
    )


def Silent() -> Machine:  # noqa: N802 - reads like the other callees
    """Return a line that is answered and on which nobody speaks, for a minute."""
    return Machine(greeting_seconds=0, beep=False, greeting="", records_seconds=60, nature=Nature.SILENT)


def Busy(after: float = 0.5) -> Unreached:  # noqa: N802 - reads like the other callees
    """Return a callee whose line is busy."""
    return Unreached(USER_BUSY, after)


def Rejects(after: float = 2.0) -> Unreached:  # noqa: N802 - reads like the other callees
    """Return a callee who declines."""
    return Unreached(CALL_REJECTED, after)


def Unknown(after: float = 0.5) -> Unreached:  # noqa: N802 - reads like the other callees
    """Return an unassigned number."""
    return Unreached("not_found", after)


def party_of(exchange: Exchange, who: Caller | Callee) -> Party:
    """Bring a script to life for one leg."""
    if isinstance(who, Caller):
        return Actor(exchange, who.steps, gives_up_after=who.gives_up_after)
    if isinstance(who, Person):
        return Actor(exchange, who.steps, answers_after=who.answers_after, nature=who.nature)
    if isinstance(who, Machine):
        greeting: list[Step] = [Say(who.greeting_seconds, who.greeting), Silence(who.records_seconds), HangUp()]
        return Actor(
            exchange,
            greeting,
            answers_after=who.answers_after,
            nature=who.nature,
            greeting_seconds=who.greeting_seconds,
            beeps=who.beep,
        )
    if isinstance(who, NoAnswer):
        return Actor(exchange, (), refuses="no_answer", refuses_after=who.network_gives_up_after)
    return Actor(exchange, (), refuses=who.cause, refuses_after=who.after)


class Actor:
    """Plays a script on a leg. Times are seconds; None means never."""

    def __init__(  # noqa: PLR0913 - what a party may do while it rings, each with its default
        self,
        exchange: Exchange,
        steps: Sequence[Step],
        *,
        gives_up_after: float | None = None,
        answers_after: float | None = None,
        refuses: str | None = None,
        refuses_after: float | None = None,
        nature: Nature = Nature.HUMAN,
        greeting_seconds: float = 0.0,
        beeps: bool = False,
    ) -> None:
        self.nature = nature
        self.greeting_seconds = greeting_seconds
        self.beeps = beeps
        self._exchange = exchange
        self._steps = tuple(steps)
        self._next = 0
        self._gives_up_after = gives_up_after
        self._answers_after = answers_after
        self._refuses = refuses
        self._refuses_after = refuses_after
        self._timer: Timer | None = None
        self._hearing: list[Playing] = []
        self._awaited: Hear | None = None

    def rings(self, leg: Leg) -> None:
        """Answer, refuse or give up in due time."""
        refuses = self._refuses
        if self._answers_after is not None:
            self._in(self._answers_after, lambda: dialling.callee_answers(self._exchange, leg))
        elif refuses is not None and self._refuses_after is not None:
            self._in(self._refuses_after, lambda: calls.hang_up(self._exchange, leg, refuses, "callee"))
        elif self._gives_up_after is not None:
            self._in(self._gives_up_after, lambda: calls.party_hangs_up(self._exchange, leg))

    def answered(self, leg: Leg) -> None:
        """Begin the script."""
        if self._timer is not None:
            self._timer.cancel()
        if self.beeps:
            start = self._exchange.clock.now + self.greeting_seconds
            leg.sounds.append(Sound(Voice.BEEP, inbound=True, start=start, end=start + BEEP_SECONDS))
        self._go_on(leg)

    def ended(self, leg: Leg) -> None:
        """Stop."""
        assert leg.state is LegState.ENDED  # noqa: S101 - nobody else calls this
        self.stops()

    def stops(self) -> None:
        """Stop the script: somebody else has taken over the phone."""
        self._awaited = None
        self._next = len(self._steps)
        if self._timer is not None:
            self._timer.cancel()

    def hears(self, leg: Leg, playing: Playing) -> None:
        """Listen."""
        now = self._exchange.clock.now
        self._hearing = [*(heard for heard in self._hearing if heard.sounding(now) and heard is not playing), playing]
        if self._awaited is not None:
            self._consider(leg, self._awaited, playing)

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        self._timer = self._exchange.clock.after(seconds, action)

    def _go_on(self, leg: Leg) -> None:
        if self._next >= len(self._steps) or not leg.alive:
            return
        step = self._steps[self._next]
        self._next += 1
        if isinstance(step, Press):
            self._in(step.after, lambda: self._press(leg, step.digits))
        elif isinstance(step, Say):
            calls.say(self._exchange, leg, step.seconds, step.words)
            self._in(step.seconds, lambda: self._go_on(leg))
        elif isinstance(step, Silence):
            self._in(step.seconds, lambda: self._go_on(leg))
        elif isinstance(step, HangUp):
            self._in(step.after, lambda: calls.party_hangs_up(self._exchange, leg))
        else:
            self._listen(leg, step)

    def _press(self, leg: Leg, digits: str) -> None:
        calls.press(self._exchange, leg, digits[0])
        rest = digits[1:]
        if rest:
            self._in(BETWEEN_KEYS_SECONDS, lambda: self._press(leg, rest))
        else:
            self._go_on(leg)

    def _listen(self, leg: Leg, step: Hear) -> None:
        self._awaited = step
        self._in(step.within, lambda: calls.party_hangs_up(self._exchange, leg))
        for playing in list(self._hearing):
            if playing.sounding(self._exchange.clock.now):
                self._consider(leg, step, playing)

    def _consider(self, leg: Leg, step: Hear, playing: Playing) -> None:
        """Find what is awaited in what plays, and wait until it has been read out so far."""
        prompt = playing.prompt
        known = playing.heard_up_to.get(leg.name.call_leg_id, 0)
        if step.kind not in (None, prompt.kind):
            return
        found = prompt.what.casefold().find(step.text.casefold(), known)
        if found < 0:
            return
        end = found + len(step.text)
        due = playing.time_of(end) if prompt.kind == "speech" else playing.started
        if prompt.kind == "beep":
            due += prompt.seconds
        self._exchange.clock.at(due, lambda: self._heard(leg, step, playing, end, due))

    def _heard(self, leg: Leg, step: Hear, playing: Playing, end: int, due: float) -> None:
        cut_short = playing.ended is not None and playing.ended < due
        if self._awaited is not step or cut_short:
            return
        playing.heard_up_to[leg.name.call_leg_id] = end
        self._awaited = None
        if self._timer is not None:
            self._timer.cancel()
        self._go_on(leg)
