"""Recordings: started, paused, resumed and stopped on a leg, then saved as files."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from infra.carrier import storage
from infra.carrier.audio import brief
from infra.carrier.legs import Leg, Sound, Voice
from infra.carrier.rendering import SAMPLE_RATE_HZ, AudioFile, Span, audio_file
from infra.carrier.trace import Heard, RecordingChanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.carrier.clock import Timer
    from infra.carrier.exchange import Exchange

#: How long Telnyx takes to save a recording after its end, and to transcribe it after that; of the order of reality.
SAVING_SECONDS = 1.0
TRANSCRIBING_SECONDS = 4.0
BEEP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Order:
    """What a recording is to be like."""

    format: str = "mp3"
    channels: str = "dual"
    track: str = "both"
    max_length_seconds: float = 0.0
    silence_seconds: float = 0.0
    play_beep: bool = False
    trim: bool = False
    transcription: bool = False
    custom_file_name: str | None = None
    initiated_by: str = "StartCallRecordingAPI"

    @property
    def channel_count(self) -> int:
        """Give one or two: a single track is mono whatever was asked for."""
        return 2 if self.channels == "dual" and self.track == "both" else 1


@dataclass(slots=True, eq=False)
class Recording:
    """One recording of a leg. `stretches` are what was recorded, in virtual time; the last one may be open."""

    id: str
    leg: Leg
    order: Order
    started: float
    stretches: list[tuple[float, float | None]] = field(default_factory=list)
    ended: float | None = None
    saved: float | None = None
    words: list[str] = field(default_factory=list)
    transcription_id: str | None = None
    transcribed: bool = False
    deleted: bool = False
    file: AudioFile | None = None
    max_timer: Timer | None = None
    silence_timer: Timer | None = None
    on_stop: Callable[[], None] | None = None

    @property
    def paused(self) -> bool:
        """Say whether nothing is being recorded right now."""
        return self.ended is None and self.stretches[-1][1] is not None

    def seconds(self, now: float) -> float:
        """Give how much is recorded so far, pauses left out."""
        return sum((now if end is None else end) - start for start, end in self.stretches)

    @property
    def plays(self) -> float:
        """Give how long its audio is: without pauses, and without silence that was trimmed."""
        return file_of(self).seconds


class RecordingStore:
    """All recordings of the account."""

    def __init__(self) -> None:
        self.all: dict[str, Recording] = {}
        self.failures: list[str] = []

    def fail_next(self, reason: str, times: int = 1) -> None:
        """Let the next recordings end in call.recording.error with this reason."""
        self.failures.extend([reason] * times)

    def saved(self) -> list[Recording]:
        """Give those that can be had, oldest first."""
        return [found for found in self.all.values() if found.saved is not None and not found.deleted]


def active(leg: Leg, recording_id: str | None = None) -> list[Recording]:
    """Give the recordings under way on a leg, or the one meant."""
    return [found for found in leg.recordings if found.ended is None and recording_id in (None, found.id)]


def start(exchange: Exchange, leg: Leg, order: Order, recording_id: str | None = None) -> Recording:
    """Start recording a leg."""
    now = exchange.clock.now
    recording = Recording(recording_id or exchange.new_id(), leg, order, now, [(now, None)])
    exchange.recordings.all[recording.id] = recording
    leg.recordings.append(recording)
    if order.play_beep:
        leg.sounds.append(Sound(Voice.BEEP, inbound=False, start=now, end=now + BEEP_SECONDS))
        exchange.tell(Heard(at=now, leg=leg.name, kind="beep", what="beep", seconds=BEEP_SECONDS))
        leg.party.hears(leg, brief("beep", "beep", BEEP_SECONDS, now, leg))
    if order.max_length_seconds:
        recording.max_timer = exchange.clock.after(order.max_length_seconds, lambda: stop(exchange, recording))
    _tell(exchange, recording, "started")
    return recording


def pause(exchange: Exchange, recording: Recording) -> None:
    """Leave out what follows; no webhook tells of it."""
    if not recording.paused:
        began, _ = recording.stretches[-1]
        recording.stretches[-1] = (began, exchange.clock.now)
        if recording.max_timer is not None:
            recording.max_timer.cancel()
        _tell(exchange, recording, "paused")


def resume(exchange: Exchange, recording: Recording) -> None:
    """Record again; a pause does not count towards the greatest length."""
    if recording.paused:
        now = exchange.clock.now
        recording.stretches.append((now, None))
        if recording.order.max_length_seconds:
            left = recording.order.max_length_seconds - recording.seconds(now)
            recording.max_timer = exchange.clock.after(left, lambda: stop(exchange, recording))
        _tell(exchange, recording, "resumed")


def stop(exchange: Exchange, recording: Recording) -> None:
    """End a recording; it is saved a little later."""
    if recording.ended is not None:
        return
    now = exchange.clock.now
    if not recording.paused:
        began, _ = recording.stretches[-1]
        recording.stretches[-1] = (began, now)
    recording.ended = now
    for timer in (recording.max_timer, recording.silence_timer):
        if timer is not None:
            timer.cancel()
    _tell(exchange, recording, "stopped")
    exchange.clock.after(SAVING_SECONDS, lambda: _save(exchange, recording))


def speech_began(leg: Leg, words: str) -> None:
    """Take notice that somebody on a leg speaks: silence is over."""
    for recording in active(leg):
        if recording.silence_timer is not None:
            recording.silence_timer.cancel()
            recording.silence_timer = None
        if not recording.paused and words:
            recording.words.append(words)


def speech_ended(exchange: Exchange, leg: Leg) -> None:
    """Take notice that somebody stopped speaking: from here on silence can end a recording that asks for it."""
    for recording in active(leg):
        if recording.order.silence_seconds:
            if recording.silence_timer is not None:
                recording.silence_timer.cancel()
            recording.silence_timer = exchange.clock.after(
                recording.order.silence_seconds, partial(stop, exchange, recording)
            )


def file_of(recording: Recording) -> AudioFile:
    """Give the recording's audio."""
    if recording.file is None:
        recording.file = audio_file(recording.order.format, recording.order.channel_count, _spans(recording))
    return recording.file


def _tell(exchange: Exchange, recording: Recording, change: str) -> None:
    now = exchange.clock.now
    happening = RecordingChanged(
        at=now, leg=recording.leg.name, recording_id=recording.id, change=change, seconds=recording.seconds(now)
    )
    exchange.tell(happening)


def _save(exchange: Exchange, recording: Recording) -> None:
    leg = recording.leg
    if exchange.recordings.failures:
        reason = exchange.recordings.failures.pop(0)
        del exchange.recordings.all[recording.id]
        exchange.emit(leg, "call.recording.error", reason=reason)
        return
    recording.saved = exchange.clock.now
    _tell(exchange, recording, "saved")
    exchange.post(leg, "call.recording.saved", storage.saved_payload(exchange, recording))
    if recording.order.transcription:
        recording.transcription_id = exchange.new_id()
        exchange.clock.after(TRANSCRIBING_SECONDS, lambda: _transcribe(exchange, recording))


def _transcribe(exchange: Exchange, recording: Recording) -> None:
    if recording.transcription_id is None:
        return  # it was deleted before it was completed
    recording.transcribed = True
    exchange.emit(
        recording.leg,
        "call.recording.transcription.saved",
        calling_party_type="pstn",
        recording_id=recording.id,
        recording_transcription_id=recording.transcription_id,
        status="completed",
        transcription_text=" ".join(recording.words),
    )


def _spans(recording: Recording) -> list[Span]:
    """Cut what was recorded wherever a sound begins or ends."""
    spans: list[Span] = []
    for start_time, end_time in recording.stretches:
        until = recording.started if end_time is None else end_time
        cuts = sorted({start_time, until, *_edges(recording.leg.sounds, start_time, until)})
        for low, high in itertools.pairwise(cuts):
            frames = _frames(high) - _frames(low)
            if frames:
                spans.append(Span(frames, *_sides(recording, (low + high) / 2)))
    return _trimmed(spans) if recording.order.trim else spans


def _edges(sounds: list[Sound], low: float, high: float) -> set[float]:
    return {edge for sound in sounds for edge in (sound.start, sound.end) if edge is not None and low < edge < high}


def _frames(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)


def _sides(recording: Recording, time: float) -> tuple[frozenset[Voice], frozenset[Voice]]:
    """Give what sounds at a time: in two channels the first leg and the rest, in one what the track takes in."""
    inbound: set[Voice] = set()
    outbound: set[Voice] = set()
    for sound in recording.leg.sounds:
        if sound.start <= time and (sound.end is None or time < sound.end):
            (inbound if sound.inbound else outbound).add(sound.voice)
    if recording.order.channel_count == 2:  # noqa: PLR2004 - two channels
        return frozenset(inbound), frozenset(outbound)
    mixed = {"both": inbound | outbound, "inbound": inbound, "outbound": outbound}[recording.order.track]
    return frozenset(mixed), frozenset()


def _trimmed(spans: list[Span]) -> list[Span]:
    audible = [index for index, span in enumerate(spans) if span.left or span.right]
    return spans[audible[0] : audible[-1] + 1] if audible else []
