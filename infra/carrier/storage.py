"""Where saved recordings lie: URLs that expire, and what the API tells of a recording."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from dialtone.domain.units import MILLIS_PER_SECOND

if TYPE_CHECKING:
    from infra.carrier.exchange import Exchange
    from infra.carrier.recordings import Recording

#: How long a download URL is good for, in virtual time (OpenAPI: ten minutes).
URL_SECONDS = 600
STORAGE_PATH = "/recordings-storage/"


def _signature(secret: str, recording_id: str, issued: str) -> str:
    return hashlib.sha256(f"{secret}|{recording_id}|{issued}".encode()).hexdigest()


def url_of(exchange: Exchange, recording: Recording) -> str:
    """Give a fresh download URL, shaped like a pre-signed one: the file is named as was asked, or after its leg."""
    issued = f"{exchange.clock.now:.6f}"
    signature = _signature(exchange.secret, recording.id, issued)
    query = f"X-Amz-Date={issued}&X-Amz-Expires={URL_SECONDS}&X-Amz-Signature={signature}"
    suffix = int(exchange.clock.datetime(recording.started).timestamp())
    name = f"{recording.order.custom_file_name or recording.leg.name.call_leg_id}-{suffix}.{recording.order.format}"
    return f"{exchange.public_url}{STORAGE_PATH}{recording.id}/{name}?{query}"


def good_until(exchange: Exchange, recording: Recording, query: dict[str, str]) -> float | None:
    """Give the virtual time until which a URL's query is good, or None if it was not made here."""
    issued = query.get("X-Amz-Date", "")
    if query.get("X-Amz-Signature") != _signature(exchange.secret, recording.id, issued):
        return None
    return float(issued) + URL_SECONDS


def saved_payload(exchange: Exchange, recording: Recording) -> dict[str, Any]:
    """Give the payload of call.recording.saved: the OpenAPI's fields, or the documentation's larger set on request."""
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
    """Give a recording as the recordings API shows it, with fresh download URLs."""
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
        "duration_millis": round(recording.plays * MILLIS_PER_SECOND),
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
    """Give a transcription as the recordings API shows it."""
    saved = exchange.clock.timestamp(recording.saved)
    return {
        "created_at": saved,
        "duration_millis": round(recording.plays * MILLIS_PER_SECOND),
        "id": recording.transcription_id,
        "record_type": "recording_transcription",
        "recording_id": recording.id,
        "status": "completed" if recording.transcribed else "in-progress",
        "transcription_text": " ".join(recording.words) if recording.transcribed else "",
        "updated_at": saved,
    }
