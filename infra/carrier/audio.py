"""The audio played to a leg: a queue of speech and audio files."""

from __future__ import annotations

import math
import re
from collections import deque
from typing import TYPE_CHECKING

from infra.carrier.legs import SPEECH_CHARACTERS_PER_SECOND, Leg, Playing, Prompt, Sound
from infra.carrier.rendering import Voice
from infra.carrier.trace import FellSilent, Heard

if TYPE_CHECKING:
    from infra.carrier.exchange import Exchange

#: The shortest time that a synthetic voice takes.
SHORTEST_SPEECH_SECONDS = 0.5

_TAG = re.compile(r"<[^>]*>")


def brief(kind: str, what: str, seconds: float, now: float, ear: Leg) -> Playing:
    """Return something heard once, on no queue: a beep, a key, a voice."""
    return Playing(Prompt(kind, what, seconds), now, (ear,), 1, ended=now + seconds)


def speech(text: str, *, ssml: bool = False) -> tuple[str, float]:
    """Return the words of a text or SSML payload, and how many seconds reading them out takes."""
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
        """Stop one prompt, whether it plays or waits, without reporting its end."""
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
