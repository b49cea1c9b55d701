"""A person in a conversation: listens, presses, speaks and hangs up as the conversation says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from dialtone.domain.hangup_causes import NORMAL_CLEARING
from infra.carrier import Carrier, Line, trace
from infra.carrier.clock import Timer
from infra.carrier.legs import SPEECH_CHARACTERS_PER_SECOND
from infra.carrier.parties import BETWEEN_KEYS_SECONDS
from infra.carrier.trace import Happening, Heard, LegName
from infra.flowkit.conversations.conversation import Action, After, Hears, Presses, Says, Sound
from infra.flowkit.conversations.transcript import Entry, Transcript

BREATH_SECONDS = 0.5
"""From the answer to the first thing that a person does: nobody is faster, and no flow has begun before."""

_HEARD_WHOLE = frozenset({"voice", "beep", "keys"})
"""Sounds that are short, or whose words the carrier does not time: they count once they are over."""

_WITHOUT_END = frozenset({"speech", "audio", "ringing"})
"""Sounds whose end the carrier reports when it comes."""

_KINDS: Mapping[str, frozenset[str]] = {
    "words": frozenset({"speech", "voice"}),
    "audio": frozenset({"audio"}),
    "ringing": frozenset({"ringing"}),
    "keys": frozenset({"keys"}),
    "beep": frozenset({"beep"}),
}
"""What a conversation calls a sound → what the carrier calls it."""


@dataclass(slots=True)
class Hearing:
    """Something that a person hears, or has heard."""

    sound: Heard
    entry: Entry
    ends: float | None
    """When it falls silent; None while that is open."""
    heard_up_to: int = 0
    """How far into its words the person has listened."""


class Participant:
    """A person on a leg. What they do and hear goes into the transcript."""

    def __init__(self, carrier: Carrier, transcript: Transcript, number: str, talk: Sequence[Action]) -> None:
        """`number` is '' for the person on the line."""
        self.number = number
        self.impatient = ""
        """What they waited for in vain; then they hung up."""
        self._carrier = carrier
        self._transcript = transcript
        self._talk = talk
        self._done = 0
        self._began = 0
        """How long the transcript was when the current action began."""
        self._line: Line | None = None
        self._hearings: list[Hearing] = []
        self._awaited: Sound | None = None
        self._timer: Timer | None = None

    @property
    def leg(self) -> LegName | None:
        """The leg that they are on."""
        return self._line.name if self._line else None

    def take(self, line: Line) -> None:
        """This is their telephone from now on."""
        self._line = line

    def hang_up(self) -> None:
        """Hang up, skipping the rest of the script."""
        self._stop()
        if self._line:
            self._line.hang_up()

    def note_missed(self) -> None:
        """What they have not done is missing."""
        for current in self._talk[self._done :]:
            self._transcript.missed(self._began, self.number, current)
            self._began = len(self._transcript.entries)

    def tell(self, happening: Happening) -> None:
        """Something happens on their leg."""
        match happening:
            case trace.Answered():
                self._in(BREATH_SECONDS, self._go_on)
            case trace.Heard():
                self._hear(happening)
            case trace.FellSilent():
                self._silence(happening.what, happening.at)
            case trace.Pressed():
                self._transcript.press(self.number, happening.digit)
            case trace.Spoke():
                self._transcript.add(self.number, "spoke", f"says “{happening.words}”")
            case trace.HungUp():
                self._stop()
                self._transcript.add(self.number, "hung up", _hung_up(happening))
            case _:
                pass  # the rest is between the line and the carrier

    def _in(self, seconds: float, action: Callable[[], None]) -> None:
        """The carrier reports an event while it is still being processed; people act later, by the clock."""
        self._timer = self._carrier.clock.after(seconds, action)

    def _stop(self) -> None:
        self._awaited = None
        if self._timer:
            self._timer.cancel()

    def _go_on(self) -> None:
        if self._done == len(self._talk) or self._line is None:
            return
        current = self._talk[self._done]
        self._began = len(self._transcript.entries) if self._done else 0
        match current:
            case Hears():
                self._listen(current.sound)
            case Presses():
                self._press(self._line, current.presses, current)
            case Says():
                words, seconds = current.speech
                self._line.say(seconds, words)
                self._transcript.expected(self.number, "spoke", str(current))
                self._begun(seconds)
            case After():
                self._transcript.add(self.number, "waited", str(current)).expected.append(str(current))
                self._begun(current.after)
            case _:
                self._done += 1
                self._line.hang_up()
                self._transcript.expected(self.number, "hung up", str(current))

    def _begun(self, seconds: float) -> None:
        """Speech and pauses count from their beginning: the call may end in the middle of them."""
        self._done += 1
        self._in(seconds, self._go_on)

    def _finish(self) -> None:
        self._done += 1
        self._go_on()

    def _press(self, line: Line, keys: str, current: Presses) -> None:
        line.press(keys[0])
        if keys[1:]:
            self._in(BETWEEN_KEYS_SECONDS, partial(self._press, line, keys[1:], current))
            return
        self._transcript.expected(self.number, "keys", str(current))
        self._finish()

    def _hear(self, sound: Heard) -> None:
        self._silence(sound.what, sound.at)
        last = self._hearings[-1].sound if self._hearings else None
        if last and last.kind == sound.kind == "audio" and last.what == sound.what:
            entry = self._hearings[-1].entry  # the next round of a loop
        else:
            entry = self._transcript.add(self.number, "heard", f"hears {_shown(sound)}")
        ends = None if sound.kind in _WITHOUT_END else sound.at + sound.seconds
        self._hearings.append(Hearing(sound, entry, ends))
        if self._awaited:
            self._consider(self._awaited, self._hearings[-1])

    def _silence(self, what: str, at: float) -> None:
        for hearing in self._hearings:
            if hearing.ends is None and hearing.sound.what == what:
                hearing.ends = at

    def _listen(self, awaited: Sound) -> None:
        self._awaited = awaited
        self._in(awaited.within, partial(self._lose_patience, awaited))
        for hearing in self._hearings:
            if hearing.ends is None or hearing.ends >= self._carrier.clock.now:
                self._consider(awaited, hearing)

    def _lose_patience(self, awaited: Sound) -> None:
        self.impatient = f"{awaited} was not heard within {awaited.within:g} s"
        self.hang_up()

    def _consider(self, awaited: Sound, hearing: Hearing) -> None:
        """Find the expected text in the audio, and wait until it has been played that far."""
        sound = hearing.sound
        kind = next(name for name in _KINDS if getattr(awaited, name) is not None)
        if sound.kind not in _KINDS[kind]:
            return
        text = "beep" if awaited.beep else str(getattr(awaited, kind))
        place = sound.what.casefold().find(text.casefold(), hearing.heard_up_to)
        if place < 0:
            return
        end, due = place + len(text), sound.at
        if sound.kind == "speech":
            due += min(end / SPEECH_CHARACTERS_PER_SECOND, sound.seconds)
        elif sound.kind in _HEARD_WHOLE:
            due += sound.seconds
        self._carrier.clock.at(due, partial(self._notice, awaited, hearing, end, due))

    def _notice(self, awaited: Sound, hearing: Hearing, end: int, due: float) -> None:
        cut_short = hearing.ends is not None and hearing.ends < due
        if self._awaited is not awaited or cut_short:
            return
        self._stop()
        hearing.heard_up_to = end
        hearing.entry.expected.append(f"hears {awaited}")
        self._finish()


def _shown(sound: Heard) -> str:
    forms = {"audio": "♪ {}", "beep": "(tone)", "ringing": "(ringing at {})", "keys": "keys {}"}
    return forms.get(sound.kind, "“{}”").format(sound.what)


def _hung_up(hang_up: trace.HungUp) -> str:
    own = "caller" if hang_up.leg and hang_up.leg.direction == "incoming" else "callee"
    if hang_up.cause == NORMAL_CLEARING:
        return "hangs up" if hang_up.source == own else "is hung up on"
    return f"hangs up: {hang_up.cause}" if hang_up.source == own else f"is hung up on: {hang_up.cause}"
