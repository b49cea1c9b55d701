"""A call as the caller perceives it: what is heard, seen and awaited, from the trace of the carrier. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import singledispatchmethod
from urllib.parse import urlsplit

from dialtone.domain.hangup_causes import NORMAL_CLEARING, ORIGINATOR_CANCEL, hangup_cause
from infra.carrier import trace
from infra.carrier.trace import Happening, LegName

LISTENING_SECONDS = 0.7
"""How long the line must be silent before a person is sure that the prompt is over: longer than Dialtone takes from one
prompt to the next, shorter than any menu waits."""

NOTHING_TO_SAY_SECONDS = 20.0
"""After so much silence two people hang up."""

PRESS = "press"
"""The label of keys: those pressed one after another stand in one line."""

_CALLEE_LEFT = {NORMAL_CLEARING: "hung up", ORIGINATOR_CANCEL: "is not rung any more"}
"""By the hangup cause, of a callee who was there or could have been."""

TRANSCRIBED = "call.recording.transcription.saved"


class Tone(StrEnum):
    """How a line is to look."""

    PLAIN = "plain"
    QUIET = "quiet"
    """Less important than the rest."""
    SPEECH = "speech"
    OURS = "ours"
    """What the person at the telephone does."""
    CALL = "call"
    RECORDER = "recorder"
    FAULT = "fault"


class Lamp(StrEnum):
    """Whether somebody records."""

    OFF = "off"
    RECORDING = "recording"
    PAUSED = "paused"


class Stage(StrEnum):
    """How far a call is."""

    RINGING = "ringing"
    UP = "up"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line about something that happened. `at` is the call's time; words take `seconds` to be said."""

    at: float
    label: str
    text: str
    tone: Tone = Tone.PLAIN
    seconds: float = 0.0
    file: str = ""
    """The recording or transcript that it is about."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """What was being said stops before its end."""

    at: float


Notice = LogLine | CutShort


@dataclass(slots=True)
class Receiver:
    """One call at the caller's ear. Times are the carrier's virtual seconds."""

    leg: LegName
    stage: Stage = Stage.RINGING
    began: float = 0.0
    answered: float | None = None
    ended: float | None = None
    transcripts: int = 0
    _recording: dict[str, Lamp] = field(default_factory=dict)
    _sounds: dict[tuple[str, str], float] = field(default_factory=dict)
    """What is heard, and until when if nothing cuts it short."""
    _busy_until: float = 0.0
    _connected: bool = False

    def take(self, happening: Happening) -> list[Notice]:
        """The lines to show about something that happened; none if it is of another call."""
        if happening.leg is None or happening.leg.call_session_id != self.leg.call_session_id:
            return []
        mine = happening.leg.call_leg_id == self.leg.call_leg_id
        perceived = self._at_the_ear(happening) if mine else self._at_the_far_end(happening)
        return [*perceived, *self._anywhere(happening)]

    def since(self, at: float) -> float:
        """How long the call has lasted at a time."""
        return max(0.0, (at if self.ended is None else self.ended) - self.began)

    def acted(self, until: float) -> None:
        """The caller presses keys or speaks until then: meanwhile nobody listens for silence."""
        self._busy_until = max(self._busy_until, until)

    def is_silent(self, now: float) -> bool:
        """Whether the caller can be sure that nothing more is said for now. Endless music is no reason to wait."""
        return self.stage is Stage.UP and now >= self._silent_from() + LISTENING_SECONDS

    def has_nothing_to_say(self, now: float) -> bool:
        """Whether the caller is connected with somebody, and neither has said anything for a while."""
        return self._connected and now >= self._silent_from() + NOTHING_TO_SAY_SECONDS

    @property
    def lamp(self) -> Lamp:
        """Whether anything is recorded right now."""
        lamps = self._recording.values()
        return next((lamp for lamp in (Lamp.RECORDING, Lamp.PAUSED) if lamp in lamps), Lamp.OFF)

    @property
    def recordings(self) -> int:
        """How many recordings were begun."""
        return len(self._recording)

    def _silent_from(self) -> float:
        return max(self.answered or 0.0, self._busy_until, *self._sounds.values(), 0.0)

    def _line(self, at: float, label: str, text: str, tone: Tone = Tone.PLAIN, seconds: float = 0.0) -> list[Notice]:
        return [LogLine(self.since(at), label, text, tone, seconds)]

    @singledispatchmethod
    def _at_the_ear(self, _happening: Happening) -> list[Notice]:
        return []

    @singledispatchmethod
    def _at_the_far_end(self, _happening: Happening) -> list[Notice]:
        return []

    @singledispatchmethod
    def _anywhere(self, _happening: Happening) -> list[Notice]:
        return []

    @_at_the_ear.register
    def _rang(self, happening: trace.Rang) -> list[Notice]:
        self.began = happening.at
        return self._line(happening.at, "ringing", f"{self.leg.to}, as {self.leg.from_}", Tone.CALL)

    @_at_the_ear.register
    def _answered(self, happening: trace.Answered) -> list[Notice]:
        self.stage, self.answered = Stage.UP, happening.at
        return self._line(happening.at, "answered", "", Tone.CALL)

    @_at_the_ear.register
    def _heard(self, happening: trace.Heard) -> list[Notice]:
        kind, what, at = happening.kind, happening.what, happening.at
        endless = math.isinf(happening.seconds)
        ends = math.inf if kind == "ringing" else at + happening.seconds
        self._sounds[kind, what] = at if endless else ends
        if kind in {"speech", "voice"}:
            return self._line(at, "hears" if kind == "speech" else "they say", what, Tone.SPEECH, happening.seconds)
        if kind == "audio":
            length = "until stopped" if endless else f"{happening.seconds:.0f} s"
            over = ", over the rest" if happening.overlay else ""
            return self._line(at, "hears", f"♪ {_audio(what)} ({length}{over})", Tone.SPEECH)
        sounds = {"beep": "(tone)", "ringing": f"(ringing at {what})"}
        return self._line(at, "hears", sounds.get(kind, what), Tone.SPEECH)

    @_at_the_ear.register
    def _fell_silent(self, happening: trace.FellSilent) -> list[Notice]:
        self._sounds[happening.kind, happening.what] = happening.at
        if happening.status == "completed":
            return []
        at = self.since(happening.at)
        if happening.kind == "speech":
            return [CutShort(at)]
        return [LogLine(at, "silence", f"♪ {_audio(happening.what)} stopped", Tone.QUIET)]

    @_at_the_ear.register
    def _bridged(self, happening: trace.Bridged) -> list[Notice]:
        self._forget_ringing()
        self._connected = True
        return self._line(happening.at, "connected", f"with {happening.with_leg.party}", Tone.CALL)

    @_at_the_ear.register
    def _unbridged(self, happening: trace.Unbridged) -> list[Notice]:
        self._connected = False
        return self._line(happening.at, "parted", "the other side is gone, the line goes on", Tone.CALL)

    @_at_the_ear.register
    def _pressed(self, happening: trace.Pressed) -> list[Notice]:
        self.acted(happening.at)
        return self._line(happening.at, PRESS, happening.digit, Tone.OURS)

    @_at_the_ear.register
    def _spoke(self, happening: trace.Spoke) -> list[Notice]:
        self.acted(happening.at + happening.seconds)
        return self._line(happening.at, "say", happening.words, Tone.OURS, happening.seconds)

    @_at_the_ear.register
    def _hung_up(self, happening: trace.HungUp) -> list[Notice]:
        self.stage, self.ended = Stage.OVER, happening.at
        by = {"caller": "by the caller", "callee": "by the line"}.get(happening.source, "by the network")
        why = "" if happening.cause == NORMAL_CLEARING else f" ({happening.cause.replace('_', ' ')})"
        return self._line(happening.at, "hung up", by + why, Tone.CALL)

    @_at_the_far_end.register
    def _rang_there(self, happening: trace.Rang) -> list[Notice]:
        return self._line(happening.at, "rings", _far(happening), Tone.CALL)

    @_at_the_far_end.register
    def _answered_there(self, happening: trace.Answered) -> list[Notice]:
        return self._line(happening.at, "answers", _far(happening), Tone.CALL)

    @_at_the_far_end.register
    def _heard_there(self, happening: trace.Heard) -> list[Notice]:
        if happening.kind not in {"speech", "audio"}:
            return []
        words = f"“{happening.what}”" if happening.kind == "speech" else f"♪ {_audio(happening.what)}"
        return self._line(happening.at, "they hear", f"{_far(happening)}  {words}", Tone.QUIET)

    @_at_the_far_end.register
    def _spoke_there(self, happening: trace.Spoke) -> list[Notice]:
        if self._connected:
            return []  # the caller hears it
        return self._line(happening.at, "they say", f"{_far(happening)}  “{happening.words}”", Tone.QUIET)

    @_at_the_far_end.register
    def _pressed_there(self, happening: trace.Pressed) -> list[Notice]:
        return self._line(happening.at, "they press", f"{_far(happening)}  {happening.digit}", Tone.QUIET)

    @_at_the_far_end.register
    def _hung_up_there(self, happening: trace.HungUp) -> list[Notice]:
        self._forget_ringing()
        cause = happening.cause
        what = hangup_cause(cause).callee or _CALLEE_LEFT.get(cause, cause.replace("_", " "))
        return self._line(happening.at, "far end", f"{_far(happening)}  {what}", Tone.CALL)

    def _forget_ringing(self) -> None:
        for sound in [sound for sound in self._sounds if sound[0] == "ringing"]:
            del self._sounds[sound]

    @_anywhere.register
    def _recorded(self, happening: trace.RecordingChanged) -> list[Notice]:
        lamps = {"started": Lamp.RECORDING, "paused": Lamp.PAUSED, "resumed": Lamp.RECORDING}
        self._recording[happening.recording_id] = lamps.get(happening.change, Lamp.OFF)
        length = f", {happening.seconds:.1f} s" if happening.change in {"stopped", "saved"} else ""
        return self._line(happening.at, "recording", happening.change + length, Tone.RECORDER)

    @_anywhere.register
    def _commanded(self, happening: trace.Commanded) -> list[Notice]:
        if happening.result != "refused":
            return []
        return self._line(
            happening.at, "refused", f"{happening.action}: {happening.code} {happening.detail}", Tone.FAULT
        )

    @_anywhere.register
    def _webhook_answered(self, happening: trace.WebhookAnswered) -> list[Notice]:
        if happening.event_type == TRANSCRIBED and happening.status == 200:  # noqa: PLR2004 -- HTTP's OK
            self.transcripts += 1
        return []

    @_anywhere.register
    def _webhook_given_up(self, happening: trace.WebhookGivenUp) -> list[Notice]:
        text = f"{happening.event_type} is not delivered any more: {happening.reason}"
        return self._line(happening.at, "webhook", text, Tone.FAULT)


def _audio(what: str) -> str:
    """A media file's name; of an address, which may be signed and long, the file's."""
    return urlsplit(what).path.rpartition("/")[2] or what


def _far(happening: Happening) -> str:
    return happening.leg.party if happening.leg else ""
