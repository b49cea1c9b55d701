"""A Telnyx webhook's body as an immutable value.

The id, type, time and call, which every event needs, must be valid. Any other field that differs from Telnyx's
description counts as absent and is listed in `ignored`. An event without a handler is stored as it arrived.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dialtone.domain import live_transcription, payments, sms
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import CALL_CONTROL_ID
from dialtone.domain.errors import ApiVersion1, MalformedEvent
from dialtone.domain.payments import OF_PAYMENTS

MAX_ID_CHARACTERS = 255
"""Telnyx's ids have about sixty; ours become DynamoDB keys, which hold 1,024 bytes."""

MAX_TEXT_CHARACTERS = 2_048
"""Per field: more than Telnyx ever sends, and so few that all copies in a call's state fit into 400 KB."""

MAX_ADDRESS_CHARACTERS = 20_000
"""Per download URL; Telnyx's have about 1,000."""

MAX_NESTING = 64
"""Telnyx's deepest payload has about six levels. JSON nested up to Python's own limit could be read but not written."""

MOST_ATTEMPTS = 1_000
MOST_ADDRESS_CHARACTERS = 255
"""For the URL of a webhook's delivery, which is only shown."""

_BEGINNINGS = frozenset({"call.initiated", "call.answered"})
"""Events on which a call gets its first commands, so they need its id; `call.recording.saved`, for one, has none."""

_ONCE_A_LEG = frozenset({"call.initiated", "call.answered", "call.hangup"})
"""Events that happen only once a leg, even if Telnyx reports one again with another time."""

_TOLD_APART_ELSEWHERE = frozenset({"call.recording.saved", "call.recording.transcription.saved"})
"""Events that the ledger and the archive recognise by content."""

SAYS_CHARACTERS = 12

OURS = "dialtone."
"""The prefix of our own event types; Telnyx never delivers one."""

OF_AI_GATHERS = "call.ai_gather."
"""The prefix of the event types that may contain what a caller said."""

OF_CONVERSATIONS = "call.conversation."
"""The prefix of an assistant conversation's event types; the one of its end may contain the transcript."""

TRANSCRIPTION = "call.transcription"
"""The type of the event with a transcribed sentence."""

OF_CONFERENCES = "conference."
"""The prefix of a conference's event types."""

OF_TEXTS = "message."
"""The prefix of Telnyx's event types about texts (SMS)."""

TEXT_ACCEPTED = f"{OURS}{OF_TEXTS}accepted"
"""The type of our own event for a text that Telnyx has taken."""

CONTROL_ACTION = f"{OURS}control.action"
"""The type of our own event by which the control function acts on a call."""

TELNYX_EVENT = "telnyx_event"
"""The key by which the webhook function receives the body of a webhook that never came."""

READ_BACK = "read_back_by"
"""A payload field that marks an event as read back: Telnyx's own report may still come, and say more."""

REPLAY = "replay"
"""The value of that field when a person replays a parked event, after its call."""

_UNLIMITED = frozenset({"client_state", "media_url", "status_detail", "transcription_text"})
"""Texts that may be long, because they never become part of a call's state."""

_TIMES = frozenset({"recording_started_at", "recording_ended_at"})

_NUMBERED = frozenset({"connection_id", "recording_id", "recording_transcription_id"})
"""Ids that may also be written as whole numbers."""

_TEXT, _FLAG, _NUMBER, _LIST, _OBJECT = str, bool, int, list, dict
_FIELD_TYPES: Mapping[str, type] = {
    "call_control_id": _TEXT,
    "call_leg_id": _TEXT,
    "call_session_id": _TEXT,
    "calling_party_type": _TEXT,
    "channels": _TEXT,
    "client_state": _TEXT,
    "conference_id": _TEXT,
    "connection_id": _TEXT,
    "cost_parts": _LIST,
    "current_position": _NUMBER,
    "digit": _TEXT,
    "digits": _TEXT,
    "direction": _TEXT,
    "format": _TEXT,
    "from": _TEXT,
    "gather_id": _TEXT,
    "hangup_cause": _TEXT,
    "hangup_source": _TEXT,
    "media_name": _TEXT,
    "media_url": _TEXT,
    "overlay": _FLAG,
    "public_recording_urls": _OBJECT,
    "queue": _TEXT,
    "queue_avg_wait_time_secs": _NUMBER,
    "queue_position": _NUMBER,
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
    "wait_time_secs": _NUMBER,
}
"""The JSON types of the fields that Telnyx describes and we read. `null` is always allowed and counts as absent."""

_ADDRESSES = frozenset({"recording_urls", "public_recording_urls"})
"""Mappings of a format to a URL."""


class Event(NamedTuple):
    """Something that happened on a call, as reported by Telnyx, or by Dialtone itself (`dialtone.…`)."""

    id: str
    type: str
    occurred_at: str
    """UTC with microseconds and a `Z`, of fixed width, so that its text sorts as time."""
    payload: Mapping[str, Any]
    client_state: ClientState = ClientState()
    ignored: tuple[str, ...] = ()
    """Names of fields that differ from Telnyx's description; they are left out of the payload."""
    attempt: int = 0
    """The number of this delivery of the webhook, from 2; 0 for the first, or if Telnyx does not report it."""
    delivered_to: str = ""
    """Host and path to which a redelivery was sent."""

    @property
    def call_session_id(self) -> str:
        """The phone call; for an event outside any call, a name of its own."""
        return self._key("call_session_id") or f"no-session-{self.id}"

    @property
    def call_leg_id(self) -> str:
        """The leg that it happened on, or ''."""
        return self._key("call_leg_id")

    @property
    def owner_leg_id(self) -> str:
        """The leg whose flow the event concerns: for a callee's leg, the leg that dialled it."""
        return self.client_state.parent_leg or self.call_leg_id

    @property
    def about_callee(self) -> bool:
        """Whether it happened on a leg that a flow dialled or transferred to."""
        return bool(self.client_state.parent_leg)

    @property
    def is_replayed(self) -> bool:
        """Whether it is a parked event, replayed after its call: nobody is on the line any more."""
        return self.text(READ_BACK) == REPLAY

    @property
    def says(self) -> str:
        """A fingerprint of what happened, since Telnyx may report it under two ids. '' if the id alone identifies it.

        Digits are left out: they are so short that they could be guessed from the hash.
        """
        if self.type in _TOLD_APART_ELSEWHERE or self.type.startswith(OURS) or READ_BACK in self.payload:
            return ""
        said = [self.type, self.call_leg_id, str(self.client_state.turn)]
        if self.type not in _ONCE_A_LEG:
            payload = {name: value for name, value in self.payload.items() if name not in DIGITS | _NEVER_KEPT}
            said += [self.occurred_at, json.dumps(payload, sort_keys=True)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:SAYS_CHARACTERS]

    def text(self, name: str) -> str:
        """A text field of the payload; '' if it is missing, null or not text."""
        value = self.payload.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A field of the payload that holds a count; 0 for anything but a whole number."""
        value = self.payload.get(name)
        return value if type(value) is int and value > 0 else 0

    def time(self, name: str) -> str:
        """A time of the payload in the format of `occurred_at`; '' if it is missing."""
        written = self.text(name)
        return _utc(written, f"data.payload.{name}") if written else ""

    def _key(self, name: str) -> str:
        """An id that is used as a key of the table; '' if it cannot be one."""
        value = self.text(name)
        return value if _is_identifier(value) else ""


def parse_event(body: bytes, understood: Container[str] | None = None, received_seconds: float = 0) -> Event:
    """Parse a webhook's body, already verified, which was received at that unix time.

    `understood` are the event types that have handlers; None means every type. Raises MalformedEvent, naming what is
    missing, and ApiVersion1 for a webhook in that version's format.
    """
    try:
        document = _object(json.loads(body), "body")
    except (ValueError, RecursionError) as error:
        raise MalformedEvent("body", f"not JSON: {type(error).__name__}") from None
    envelope, event_type = _envelope(document)
    if event_type.startswith(OURS):
        raise MalformedEvent("data.event_type", f"is one of Dialtone's own: {event_type}")
    if understood is None or event_type in understood:
        event = _understood(_object(document.get("data"), "data"))
    else:
        event = _unknown(document, envelope, event_type, received_seconds)
    attempt, delivered_to = _delivery(document.get("meta"))
    return event._replace(attempt=attempt, delivered_to=delivered_to) if attempt else event


def _delivery(meta: object) -> tuple[int, str]:
    """For a redelivery, its number and the URL it went to, as Telnyx reports them; for information only."""
    meta = meta if isinstance(meta, dict) else {}
    attempt, address = meta.get("attempt"), meta.get("delivered_to")
    if type(attempt) is not int or not 1 < attempt <= MOST_ATTEMPTS:
        return 0, ""
    if not isinstance(address, str):
        return attempt, ""
    from urllib.parse import urlsplit  # noqa: PLC0415 -- hardly any is delivered again

    try:
        parts = urlsplit(address)
    except ValueError:
        return attempt, ""
    shown = f"{parts.hostname or ''}{parts.path}"
    return attempt, shown if shown.isprintable() and len(shown) <= MOST_ADDRESS_CHARACTERS else ""


def _envelope(document: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object that holds the event's id, type and time, and that type."""
    if "data" not in document and _is_api_version_1(document):
        raise ApiVersion1
    data = document.get("data")
    for inside, name in _TYPE_PLACES:
        envelope = data if inside else document
        found = envelope.get(name) if isinstance(envelope, dict) else None
        if envelope and isinstance(found, str) and found != "event" and _is_identifier(found):
            return envelope, found
    data = _object(data, "data")
    return data, _identifier(data, "event_type")


_TYPE_PLACES = (
    (True, "event_type"),
    (False, "event_type"),
    (False, "event"),
    (True, "record_type"),
    (False, "record_type"),
    (False, "type"),
)
"""Where Telnyx's webhooks have their type: in `data` or beside it. Voice and messaging all use the first."""


def _is_api_version_1(document: dict[str, Any]) -> bool:
    event_type = document.get("event_type")
    return isinstance(event_type, str) and "." not in event_type and isinstance(document.get("payload"), dict)


def _understood(data: dict[str, Any]) -> Event:
    payload, ignored = _readable(_described(data))
    event_type, occurred_at = _identifier(data, "event_type"), data.get("occurred_at")
    of_conference = event_type.startswith(OF_CONFERENCES)
    event = Event(
        id=_identifier(data, "id"),
        type=event_type,
        occurred_at=_utc(
            payload.get("occurred_at") if of_conference and occurred_at is None else occurred_at, "data.occurred_at"
        ),
        payload=payload,
        client_state=_state_of(payload, of_conference=of_conference),
        ignored=ignored,
    )
    _check_identity(event, data["payload"])
    return event


def _state_of(payload: Mapping[str, Any], *, of_conference: bool) -> ClientState:
    """The event's client state. In a conference's events it is that of the call that created the conference.

    If a conversation was turned into the conference, all its events belong to the leg that led the conversation.
    """
    state = ClientState.decode(payload.get("client_state") or "")
    if not of_conference:
        return state
    if not state.room_of:
        return ClientState()
    others = state.room_of if payload.get("call_leg_id") != state.room_of else ""
    return ClientState(turn=state.turn, parent_leg=others, dialled=bool(others))


def _described(data: dict[str, Any]) -> dict[str, Any]:
    payload = _object(data.get("payload"), "data.payload")
    event_type = str(data.get("event_type"))
    if event_type.startswith(OF_PAYMENTS):
        return payments.report(payload)
    if event_type.startswith(OF_AI_GATHERS):
        from dialtone.domain import spoken_choices  # noqa: PLC0415 -- few lines listen to words

        return spoken_choices.report(payload)
    if event_type == TRANSCRIPTION:
        return live_transcription.report(payload)
    return sms.report(payload) if event_type.startswith(OF_TEXTS) else payload


def _unknown(document: dict[str, Any], envelope: dict[str, Any], event_type: str, received_seconds: float) -> Event:
    """An unknown event, stored as it arrived. A missing id is derived, a missing time is the time of arrival."""
    payload = envelope.get("payload")
    payload = payload if isinstance(payload, dict) else envelope
    own_id, client_state = envelope.get("id"), payload.get("client_state")
    times = (_time(each.get("occurred_at")) for each in (envelope, document, payload))
    return Event(
        id=own_id if isinstance(own_id, str) and _is_identifier(own_id) else _id_of(envelope),
        type=event_type,
        occurred_at=next(filter(None, times), None) or _written(datetime.fromtimestamp(received_seconds, UTC)),
        payload={name: value for name, value in payload.items() if not _nested_too_deep(value)},
        client_state=ClientState.decode(client_state if isinstance(client_state, str) else ""),
    )


def _id_of(envelope: dict[str, Any]) -> str:
    """An id for an event without one: the same for the same content, whatever Telnyx adds about its delivery."""
    persistent_variables = {
        name: value for name, value in envelope.items() if name != "meta" and not _nested_too_deep(value)
    }
    content = json.dumps(persistent_variables)
    return str(uuid.UUID(bytes=hashlib.sha256(content.encode()).digest()[:16]))


def mask(digits: str) -> str:
    """As many asterisks as there were digits."""
    return "*" * len(digits)


def recorded_payload(
    event: Event, *, keep_digits: bool = False, keep_words: bool = False, addresses: Container[str] = frozenset()
) -> dict[str, Any]:
    """The payload as it may be stored: without transcripts, and without URLs except those of the flow's own audio.

    Digits are masked unless they may be stored; those of a sensitive step always. A transcribed sentence is left out
    unless it may be stored.
    """
    masked = event.client_state.sensitive or not keep_digits
    payload = event.payload if keep_words else {name: said for name, said in event.payload.items() if name != _SENTENCE}
    kept: dict[str, Any] = _kept(payload, addresses, masked=masked)
    if event.type.startswith(OURS):
        for name in ("parameters", "variables"):  # those of a control action, which the commands hold already
            kept.pop(name, None)
    return kept


def without_addresses(text: str, addresses: Container[str] = frozenset()) -> str:
    """The text without URLs, except those listed: anybody who has a recording's URL can listen to it."""
    if "://" not in text or text in addresses:
        return text
    return re.sub(_WEB_ADDRESS, ADDRESS_LEFT_OUT, text)


ADDRESS_LEFT_OUT = "(address left out)"

_WEB_ADDRESS = r"(?i)https?://\S+"

DIGITS = frozenset({"digit", "digits"})
"""Fields that hold what callers key in."""

_SENTENCE = "transcript"
"""The field that holds a transcribed sentence."""

_NEVER_KEPT = frozenset(
    {"recording_urls", "public_recording_urls", "client_state", "transcription_text", "token_id", "last_four"}
    | {"messages"}
)
"""Never stored: URLs that let anybody fetch a recording, our own client state, transcripts, which belong in the bucket,
and details of a card, which only the call's variables hold."""


def _kept(value: Any, addresses: Container[str], *, masked: bool) -> Any:  # noqa: ANN401 -- any JSON
    match value:
        case str():
            return without_addresses(value, addresses)
        case list():
            return [_kept(each, addresses, masked=masked) for each in value]
        case dict():
            return {
                name: mask(str(each))
                if masked and name in DIGITS and each not in (None, "")
                else _kept(each, addresses, masked=masked)
                for name, each in value.items()
                if name not in _NEVER_KEPT
            }
    return value


def _object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedEvent(where, f"must be an object, is {_kind(value)}")
    return value


def _nested_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
        level = [inner for each in level for inner in _inside(each) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _is_identifier(text: str) -> bool:
    return 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable() and text.isascii()


def _identifier(values: Mapping[str, Any], name: str, within: str = "data") -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedEvent(f"{within}.{name}", f"must be text, is {_kind(value)}")
    if not _is_identifier(value):
        raise MalformedEvent(f"{within}.{name}", f"must be at most {MAX_ID_CHARACTERS} printable characters")
    return value


def _readable(payload: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The payload without fields that differ from Telnyx's description, and the names of those fields."""
    readable: dict[str, Any] = {}
    ignored = []
    for name, value in payload.items():
        kept = _as_described(name, value)
        if kept is not None or value is None:
            readable[name] = kept
        if kept is not value and not (name in _NUMBERED and kept):
            ignored.append(name if name in _FIELD_TYPES else "another")
    return readable, tuple(dict.fromkeys(ignored))


def _as_described(name: str, value: Any) -> Any:  # noqa: ANN401 -- whatever JSON holds
    """The value, or its usable part; None if there is none."""
    if _nested_too_deep(value):
        return None
    described = _FIELD_TYPES.get(name)
    if described is None:
        return value
    if name in _NUMBERED and type(value) is int:
        value = str(value)
    if type(value) is not described:
        return None
    if isinstance(value, dict) and name in _ADDRESSES:
        usable = {key: text for key, text in value.items() if _encodable(key) and _is_address(text)}
        return value if usable == value else usable
    return None if isinstance(value, str) and not _is_text(name, value) else value


def _is_text(name: str, value: str) -> bool:
    if not _encodable(value) or (len(value) > MAX_TEXT_CHARACTERS and name not in _UNLIMITED):
        return False
    if name == "call_control_id" and value:
        return _is_identifier(value) and CALL_CONTROL_ID.accepts(value)
    return not (value and name in _TIMES) or _time(value) is not None


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _encodable(value) and len(value) <= MAX_ADDRESS_CHARACTERS


def _check_identity(event: Event, payload: Mapping[str, Any]) -> None:
    """Check that the event can be assigned to a call that, if needed, can be sent commands."""
    if not event.type.startswith(("call.", f"{OF_CONFERENCES}participant.")):
        return
    for name in ("call_session_id", "call_leg_id"):
        _identifier(payload, name, "data.payload")
    if event.type in _BEGINNINGS and not event.text("call_control_id"):
        raise MalformedEvent(
            "data.payload.call_control_id", f"must be {CALL_CONTROL_ID.allowed}, and {event.type} needs it"
        )


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _utc(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise MalformedEvent(where, f"must be text, is {_kind(value)}")
    moment = _time(value)
    if moment is None:
        raise MalformedEvent(where, "must be an ISO 8601 time")
    return moment


def _time(value: object) -> str | None:
    """The time in the format of `occurred_at`; None if it is not a time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return _written(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _written(moment: datetime) -> str:
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
