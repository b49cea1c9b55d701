"""Recordings: started, paused, resumed and stopped on a leg, then saved as files."""

from functools import partial

from infra.carrier import storage
from infra.carrier.audio import brief
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Leg, Order, Recording, Sound
from infra.carrier.rendering import Voice
from infra.carrier.trace import Heard, RecordingChanged

#: How long Telnyx takes to save a recording after its end, and to transcribe it after that; of the order of reality.
SAVING_SECONDS = 1.0
TRANSCRIBING_SECONDS = 4.0
BEEP_SECONDS = 0.5


def active(leg: Leg, recording_id: str | None = None) -> list[Recording]:
    """Return the recordings under way on a leg, or the one meant."""
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
    """Note that somebody on a leg speaks, which ends silence."""
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
