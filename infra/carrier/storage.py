"""Saved recordings: their audio, URLs that expire, and what the API tells of a recording."""

import hashlib
import itertools
from typing import Any

from dialtone.domain.units import MILLIS_PER_SECOND
from infra.carrier.exchange import Exchange
from infra.carrier.legs import Recording, Sound
from infra.carrier.rendering import SAMPLE_RATE_HZ, AudioFile, Span, Voice, audio_file

#: How long a download URL is good for, in virtual time (OpenAPI: ten minutes).
URL_SECONDS = 600
STORAGE_PATH = "/recordings-storage/"


def _signature(secret: str, recording_id: str, issued: str) -> str:
    return hashlib.sha256(f"{secret}|{recording_id}|{issued}".encode()).hexdigest()


def url_of(exchange: Exchange, recording: Recording) -> str:
    """Return a new download URL, shaped like a pre-signed one: the file has the requested name, or its leg's."""
    issued = f"{exchange.clock.now:.6f}"
    signature = _signature(exchange.secret, recording.id, issued)
    query = f"X-Amz-Date={issued}&X-Amz-Expires={URL_SECONDS}&X-Amz-Signature={signature}"
    suffix = int(exchange.clock.datetime(recording.started).timestamp())
    name = f"{recording.order.custom_file_name or recording.leg.name.call_leg_id}-{suffix}.{recording.order.format}"
    return f"{exchange.public_url}{STORAGE_PATH}{recording.id}/{name}?{query}"


def good_until(exchange: Exchange, recording: Recording, query: dict[str, str]) -> float | None:
    """Return the virtual time until which a URL's query is good, or None if it was not made here."""
    issued = query.get("X-Amz-Date", "")
    if query.get("X-Amz-Signature") != _signature(exchange.secret, recording.id, issued):
        return None
    return float(issued) + URL_SECONDS


def saved_payload(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """Return the payload of call.recording.saved: the OpenAPI's fields, or the larger documented set on request."""
    leg, order = recording.leg, recording.order
    urls = {order.format: url_of(exchange, recording)}
    payload: dict[str, Any] = {
        "call_leg_id": leg.name.call_leg_id,
        "call_session_id": leg.name.call_session_id,
        "channels": "dual" if order.channel_count == 2 else "single",  # noqa: PLR2004 - two channels
        "client_state": leg.client_state,
        "connection_id": leg.application.connection_id,
        "public_recording_urls": {},
        "recording_ended_at": exchange.timestamp(leg, recording.ended),
        "recording_started_at": exchange.timestamp(leg, recording.started),
        "recording_urls": urls,
    }
    if leg.application.full_recording_payload:
        payload |= {
            "call_control_id": leg.name.call_control_id,
            "recording_id": recording.id,
            "format": order.format,
            "from": leg.name.from_,
            "to": leg.name.to,
            "start_time": exchange.timestamp(leg, recording.started),
            "end_time": exchange.timestamp(leg, recording.ended),
        }
    return payload


def resource(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """Return a recording as the recordings API shows it, with fresh download URLs."""
    leg = recording.leg.name
    clock = exchange.clock
    return {
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.call_leg_id,
        "call_session_id": leg.call_session_id,
        "channels": "dual" if recording.order.channel_count == 2 else "single",  # noqa: PLR2004 - two channels
        "conference_id": None,
        "connection_id": recording.leg.application.connection_id,
        "created_at": clock.timestamp(recording.saved),
        "download_urls": {recording.order.format: url_of(exchange, recording)},
        "duration_millis": round(seconds_of(recording) * MILLIS_PER_SECOND),
        "from": leg.from_,
        "id": recording.id,
        "initiated_by": recording.order.initiated_by,
        "record_type": "recording",
        "recording_ended_at": exchange.timestamp(recording.leg, recording.ended),
        "recording_started_at": exchange.timestamp(recording.leg, recording.started),
        "source": "call",
        "status": "completed",
        "to": leg.to,
        "updated_at": clock.timestamp(recording.saved),
    }


def transcription(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """Return a transcription as the recordings API shows it."""
    saved = exchange.clock.timestamp(recording.saved)
    return {
        "created_at": saved,
        "duration_millis": round(seconds_of(recording) * MILLIS_PER_SECOND),
        "id": recording.transcription_id,
        "record_type": "recording_transcription",
        "recording_id": recording.id,
        "status": "completed" if recording.transcribed else "in-progress",
        "transcription_text": " ".join(recording.words) if recording.transcribed else "",
        "updated_at": saved,
    }


def file_of(recording: Recording) -> AudioFile:
    """Return the recording's audio."""
    if recording.file is None:
        recording.file = audio_file(recording.order.format, recording.order.channel_count, _spans(recording))
    return recording.file


def seconds_of(recording: Recording) -> float:
    """Return how long its audio is: without pauses, and without silence that was trimmed."""
    return file_of(recording).seconds


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
    """Return what sounds at a time: in two channels the first leg and the rest, in one what the track takes in."""
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
