"""A Telnyx webhook's body as a value: read once, checked, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dialtone.client_state import ClientState
from dialtone.commands import CALL_CONTROL_ID
from dialtone.errors import MalformedEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_ID_CHARACTERS = 255
"""Telnyx's ids have some sixty; ours go into DynamoDB keys, which hold 1,024 bytes."""

MAX_TEXT_CHARACTERS = 2_048
"""Of one field: beyond anything that Telnyx sends, and all that a call's state copies of them fits into 400 KB."""

MAX_NESTING = 64
"""Telnyx's deepest payload has some six levels. What Python reads at its own limit it could not write again."""

CALL_EVENTS_WITHOUT_LEG = ("call.conversation",)
"""Events about a call's analysis; Telnyx describes them without a leg."""

_BEGINNINGS = frozenset({"call.initiated", "call.answered"})
"""Events on which a call is given its first commands; `call.recording.saved` for one names nothing to command."""

OURS = "dialtone."
"""How the types of our own events begin: they are never delivered."""

_UNLIMITED = frozenset({"client_state", "media_url", "status_detail", "transcription_text"})
"""Texts that may be long and never become part of a call's state."""

_TIMES = frozenset({"recording_started_at", "recording_ended_at"})

_TEXT, _FLAG, _LIST, _OBJECT = str, bool, list, dict
_FIELD_TYPES: Mapping[str, type] = {
    "call_control_id": _TEXT,
    "call_leg_id": _TEXT,
    "call_session_id": _TEXT,
    "channels": _TEXT,
    "client_state": _TEXT,
    "connection_id": _TEXT,
    "cost_parts": _LIST,
    "digit": _TEXT,
    "digits": _TEXT,
    "direction": _TEXT,
    "format": _TEXT,
    "from": _TEXT,
    "hangup_cause": _TEXT,
    "hangup_source": _TEXT,
    "media_name": _TEXT,
    "media_url": _TEXT,
    "overlay": _FLAG,
    "public_recording_urls": _OBJECT,
    "reason": _TEXT,
    "recording_ended_at": _TEXT,
    "recording_id": _TEXT,
    "recording_started_at": _TEXT,
    "recording_transcription_id": _TEXT,
    "recording_urls": _OBJECT,
    "result": _TEXT,
    "start_time": _TEXT,
    "state": _TEXT,
    "status": _TEXT,
    "status_detail": _TEXT,
    "to": _TEXT,
    "transcription_text": _TEXT,
}
"""The JSON types of what Telnyx describes and we read; `null` is always allowed and reads as absent."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened on a call, as Telnyx tells it (or as we do: `dialtone.…`)."""

    id: str
    type: str
    occurred_at: str
    """UTC with microseconds and a `Z`, of fixed width, so that its text sorts as time."""
    payload: Mapping[str, Any]
    client_state: ClientState = field(default_factory=ClientState)

    @property
    def call_session_id(self) -> str:
        """The phone call; for an event that belongs to none, a name of its own."""
        return self.payload.get("call_session_id") or f"no-session-{self.id}"

    @property
    def call_leg_id(self) -> str:
        """The leg that it happened on, or ''."""
        return self.payload.get("call_leg_id") or ""

    @property
    def owner_leg_id(self) -> str:
        """The leg whose flow it concerns: the far leg of a transfer speaks to the leg that asked for it."""
        return self.client_state.parent_leg or self.call_leg_id

    @property
    def about_far_leg(self) -> bool:
        """Whether it happened on a leg that a flow's transfer made."""
        return bool(self.client_state.parent_leg)

    def text(self, name: str) -> str:
        """A field of the payload that holds text; '' where Telnyx left it out or sent null."""
        return self.payload.get(name) or ""

    def time(self, name: str) -> str:
        """A field of the payload that holds a time, written as `occurred_at` is; '' where Telnyx left it out."""
        told = self.text(name)
        return _utc(told, f"data.payload.{name}") if told else ""


def parse_event(body: bytes) -> Event:
    """Read a webhook's body, already verified. Raises MalformedEvent naming what is not as Telnyx describes it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("body", f"not JSON: {type(error).__name__}") from None
    data = _object(document, "body").get("data")
    data = _object(data, "data")
    payload = _object(data.get("payload"), "data.payload")
    if _nested_too_deep(payload):
        raise MalformedEvent("data.payload", f"must be nested at most {MAX_NESTING} levels deep")
    for name, value in payload.items():
        _check_field(name, value)
    event = Event(
        id=_identifier(data, "id"),
        type=_identifier(data, "event_type"),
        occurred_at=_utc(data.get("occurred_at"), "data.occurred_at"),
        payload=payload,
        client_state=ClientState.decode(payload.get("client_state") or ""),
    )
    _check_identity(event)
    return event


def mask(digits: str) -> str:
    """As many asterisks as there were digits."""
    return "*" * len(digits)


def recorded_payload(event: Event) -> dict[str, Any]:
    """The payload as it may be kept: digits of a sensitive turn masked, signed download addresses left out."""
    kept = {name: value for name, value in event.payload.items() if name not in _NEVER_KEPT}
    if event.client_state.sensitive:
        for name in ("digit", "digits"):
            if kept.get(name):
                kept[name] = mask(kept[name])
    return kept


_NEVER_KEPT = frozenset({"recording_urls", "public_recording_urls", "client_state"})
"""Addresses that let anyone fetch a recording, and our own mark."""


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedEvent(where, f"must be an object, is {_kind(value)}")
    return value


def _nested_too_deep(payload: dict[str, Any]) -> bool:
    level: list[Any] = [payload]
    for _ in range(MAX_NESTING):
        inside = (inner for each in level for inner in (each.values() if isinstance(each, dict) else each))
        level = [inner for inner in inside if isinstance(inner, (dict, list))]
    return bool(level)


def _identifier(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEvent(f"data.{name}", f"must be text, is {_kind(value)}")
    if len(value) > MAX_ID_CHARACTERS or not _storable(value):
        raise MalformedEvent(f"data.{name}", f"must be at most {MAX_ID_CHARACTERS} printable characters")
    return value


def _check_field(name: str, value: object) -> None:
    described = _FIELD_TYPES.get(name)
    if described is None or value is None:
        return
    if type(value) is not described:
        raise MalformedEvent(f"data.payload.{name}", f"must be {_WORDS[described]}, is {_kind(value)}")
    if isinstance(value, str) and not _encodable(value):
        raise MalformedEvent(f"data.payload.{name}", "holds half of a surrogate pair, which no text can")
    if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS and name not in _UNLIMITED:
        raise MalformedEvent(f"data.payload.{name}", f"must be at most {MAX_TEXT_CHARACTERS:,} characters")
    if value and name in _TIMES:
        _utc(value, f"data.payload.{name}")


def _check_identity(event: Event) -> None:
    if event.type.startswith(OURS):
        raise MalformedEvent("data.event_type", f"is one of Dialtone's own: {event.type}")
    for name in ("call_session_id", "call_leg_id", "call_control_id"):
        value = event.text(name)
        if len(value) > MAX_ID_CHARACTERS or not _storable(value):
            raise MalformedEvent(f"data.payload.{name}", f"must be at most {MAX_ID_CHARACTERS} printable characters")
    control_id = event.text("call_control_id")
    if control_id and not CALL_CONTROL_ID.accepts(control_id):
        raise MalformedEvent("data.payload.call_control_id", f"must be {CALL_CONTROL_ID.allowed}")
    if not control_id and event.type in _BEGINNINGS:
        raise MalformedEvent("data.payload.call_control_id", f"is missing from {event.type}")
    parent = event.client_state.parent_leg
    if len(parent) > MAX_ID_CHARACTERS or not _storable(parent):
        raise MalformedEvent("data.payload.client_state", "names a leg that cannot be one")
    if not event.type.startswith("call.") or event.type.startswith(CALL_EVENTS_WITHOUT_LEG):
        return
    for name in ("call_session_id", "call_leg_id"):
        if not event.text(name):
            raise MalformedEvent(f"data.payload.{name}", f"is missing from {event.type}")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(text: str) -> bool:
    return text.isprintable() and text.isascii()


def _utc(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise MalformedEvent(where, f"must be text, is {_kind(value)}")
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedEvent(where, "must be an ISO 8601 time") from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").zfill(27)


_WORDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "missing",
}


def _kind(value: object) -> str:
    return _WORDS.get(type(value), type(value).__name__)
