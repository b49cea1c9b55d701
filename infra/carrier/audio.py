"""What is played to a leg: a queue of speech and audio files, one after the other."""

from __future__ import annotations

import math
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.carrier.legs import Leg, Sound, Voice
from infra.carrier.trace import FellSilent, Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.carrier.clock import Timer
    from infra.carrier.exchange import Exchange

#: How fast a synthetic voice reads, and the shortest time it takes.
SPEECH_CHARACTERS_PER_SECOND = 15.0
SHORTEST_SPEECH_SECONDS = 0.5

_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """Something to be played.

    `kind` is speech or audio; `loops` None means until stopped; `targets` says who hears it (self, opposite, both);
    `media` is what its events name; `announced` False sends no events; `failure` is the status and detail of a file
    that cannot be played.
    """

    kind: str
    what: str
    seconds: float
    loops: int | None = 1
    targets: str = "self"
    overlay: bool = False
    announced: bool = True
    media: tuple[tuple[str, str], ...] = ()
    failure: tuple[str, str] | None = None
    on_end: Callable[[str], None] | None = None


@dataclass(slots=True, eq=False)
class Playing:
    """A prompt being heard. `noticed` is how far into it each listening leg has taken notice."""

    prompt: Prompt
    started: float
    ears: tuple[Leg, ...]
    loops_left: int | None
    sounds: list[Sound] = field(default_factory=list)
    timer: Timer | None = None
    ended: float | None = None
    heard_up_to: dict[str, int] = field(default_factory=dict)

    def sounding(self, now: float) -> bool:
        """Say whether it can still be heard."""
        return self.ended is None or self.ended >= now

    def time_of(self, character: int) -> float:
        """Give the virtual time at which this many characters have been read out."""
        return self.started + min(character / SPEECH_CHARACTERS_PER_SECOND, self.prompt.seconds)


def brief(kind: str, what: str, seconds: float, now: float, ear: Leg) -> Playing:
    """Give something heard once, on no queue: a beep, a key, a voice."""
    return Playing(Prompt(kind, what, seconds), now, (ear,), 1, ended=now + seconds)


def speech(text: str, *, ssml: bool = False) -> tuple[str, float]:
    """Give the words of a text or SSML payload, and how many seconds reading them out takes."""
    words = " ".join(_TAG.sub(" ", text).split()) if ssml else text
    return words, max(SHORTEST_SPEECH_SECONDS, len(words) / SPEECH_CHARACTERS_PER_SECOND)


class Player:
    """The audio queue of a leg; the overlay has one of its own."""

    __slots__ = ("_exchange", "playing", "waiting")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.playing: Playing | None = None
        self.waiting: deque[Prompt] = deque()

    def add(self, leg: Leg, prompt: Prompt) -> None:
        """Play a prompt, after those that wait."""
        self.waiting.append(prompt)
        self._go_on(leg)

    def stop(self, leg: Leg, which: str, status: str = "cancelled") -> None:
        """Stop the `current` prompt and play the next, or stop `all`; those never begun end without a word."""
        if which == "all":
            self.waiting.clear()
        if self.playing is not None:
            self._end(leg, self.playing, status)
        self._go_on(leg)

    def withdraw(self, leg: Leg, prompt: Prompt) -> None:
        """Stop one prompt, whether it plays or waits, without telling whoever waits for its end."""
        if prompt in self.waiting:
            self.waiting.remove(prompt)
        elif self.playing is not None and self.playing.prompt is prompt:
            self._end(leg, self.playing, "cancelled", notify=False)
        self._go_on(leg)

    def hang_up(self, leg: Leg) -> None:
        """End everything because the call is over."""
        self.waiting.clear()
        if self.playing is not None:
            self._end(leg, self.playing, "call_hangup", notify=False)

    def _go_on(self, leg: Leg) -> None:
        while self.waiting and self.playing is None and leg.talking:
            prompt = self.waiting.popleft()
            if prompt.failure is None:
                self._start(leg, prompt)
            else:
                self._announce_end(leg, prompt, prompt.failure[0], prompt.failure[1])
                if prompt.on_end is not None:
                    prompt.on_end(prompt.failure[0])

    def _start(self, leg: Leg, prompt: Prompt) -> None:
        self.playing = Playing(prompt, self._exchange.clock.now, _ears(leg, prompt.targets), prompt.loops)
        if prompt.announced:
            if prompt.kind == "speech":
                self._exchange.emit(leg, "call.speak.started")
            else:
                self._exchange.emit(leg, "call.playback.started", **dict(prompt.media), overlay=prompt.overlay)
        self._sound(leg, self.playing)

    def _sound(self, leg: Leg, playing: Playing) -> None:
        """Let one round be heard."""
        now, prompt = self._exchange.clock.now, playing.prompt
        playing.started = now
        playing.heard_up_to.clear()
        endless = prompt.loops is None
        if not endless:
            playing.timer = self._exchange.clock.after(prompt.seconds, lambda: self._played(leg, playing))
        for ear in filter(lambda ear: ear.alive, playing.ears):
            sound = Sound(Voice.PROMPT if prompt.kind == "speech" else Voice.MUSIC, inbound=False, start=now)
            playing.sounds.append(sound)
            ear.sounds.append(sound)
            if self._exchange.trace.watched:
                seconds = math.inf if endless else prompt.seconds
                self._exchange.tell(
                    Heard(
                        at=now,
                        leg=ear.name,
                        kind=prompt.kind,
                        what=prompt.what,
                        seconds=seconds,
                        overlay=prompt.overlay,
                    )
                )
            ear.party.hears(ear, playing)

    def _played(self, leg: Leg, playing: Playing) -> None:
        if playing.loops_left is not None and playing.loops_left > 1:
            playing.loops_left -= 1
            self._silence(playing)
            self._sound(leg, playing)
            return
        self._end(leg, playing, "completed")
        self._go_on(leg)

    def _silence(self, playing: Playing) -> None:
        for sound in playing.sounds:
            sound.end = self._exchange.clock.now
        playing.sounds.clear()

    def _end(self, leg: Leg, playing: Playing, status: str, *, notify: bool = True) -> None:
        self.playing = None
        playing.ended = self._exchange.clock.now
        if playing.timer is not None:
            playing.timer.cancel()
        self._silence(playing)
        prompt = playing.prompt
        if self._exchange.trace.watched:
            now = self._exchange.clock.now
            for ear in playing.ears:
                self._exchange.tell(FellSilent(at=now, leg=ear.name, kind=prompt.kind, what=prompt.what, status=status))
        self._announce_end(leg, prompt, status)
        if notify and prompt.on_end is not None:
            prompt.on_end(status)

    def _announce_end(self, leg: Leg, prompt: Prompt, status: str, detail: str | None = None) -> None:
        if not prompt.announced:
            return
        if prompt.kind == "speech":
            # Telnyx has no "cancelled" for speech: one that was stopped is completed.
            ended = "completed" if status == "cancelled" else status
            self._exchange.emit(leg, "call.speak.ended", status=ended)
            return
        details = {} if detail is None else {"status_detail": detail}
        media = dict(prompt.media)
        self._exchange.emit(leg, "call.playback.ended", **media, overlay=prompt.overlay, status=status, **details)


def _ears(leg: Leg, targets: str) -> tuple[Leg, ...]:
    opposite = () if leg.peer is None else (leg.peer,)
    return {"self": (leg,), "opposite": opposite, "both": (leg, *opposite)}[targets]
