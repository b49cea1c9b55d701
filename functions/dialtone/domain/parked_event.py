"""A parked event: a webhook that failed by a fault of ours, stored until it can be replayed. Pure.

This module parses the body without `events.py`, since the fault may be in there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from dialtone.domain.events import DIGITS, mask
from dialtone.domain.stored_records import EMPTY, restored, written

KEPT_HEADERS = "telnyx-"
"""The prefix of the headers to store: Telnyx's signature and its time. The others are the gateway's."""

_NAME = r"[A-Za-z0-9._-]{1,100}"
"""An id that may be part of a name unchanged, as all of Telnyx's may; any other is hashed."""


class ParkedEvent(NamedTuple):
    """A verified webhook, and the error that kept it from being processed."""

    event_id: str
    """Telnyx's id; if there is none, one derived from the body."""
    event_type: str
    call_session_id: str
    """'' for an event outside any call."""
    occurred_at: str
    """As Telnyx wrote it; '' if there is none."""
    attempt: int
    """Telnyx's count of deliveries at the last failure; 0 if it does not report one."""
    parked_at: str
    error: str
    """The exception's class. Its message may quote the event, and is in the log."""
    body: str
    """As Telnyx sent it, without keyed digits: they may be a card number."""
    headers: Mapping[str, str] = EMPTY

    @classmethod
    def of(cls, body: bytes, headers: Mapping[str, str], error: str, parked_at: str) -> ParkedEvent:
        """The event of this request. Raises ValueError for a body that is not JSON."""
        masked: list[str] = []
        document = _object(json.loads(body, object_pairs_hook=lambda pairs: _without_digits(pairs, masked)))
        data = _object(document.get("data"))
        return cls(
            event_id=_text(data, "id") or hashlib.sha256(body).hexdigest()[:32],
            event_type=_text(data, "event_type"),
            call_session_id=_text(_object(data.get("payload")), "call_session_id"),
            occurred_at=_text(data, "occurred_at"),
            attempt=_whole_number(_object(document.get("meta")).get("attempt")),
            parked_at=parked_at,
            error=error,
            body=json.dumps(document) if masked else body.decode("utf-8", "replace"),
            headers={name: value for name, value in headers.items() if name.startswith(KEPT_HEADERS)},
        )

    @property
    def name(self) -> str:
        """Its name in the bucket, in its call's folder: the same however often the event is delivered."""
        return f"{call_folder(self.call_session_id)}{_part(self.event_id)}"

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(written(self))

    @classmethod
    def from_json(cls, stored: str | bytes) -> ParkedEvent:
        """The event that `to_json` gave, in this or another version of the program."""
        return restored(cls, json.loads(stored))


def _without_digits(pairs: list[tuple[str, Any]], masked: list[str]) -> dict[str, Any]:
    """An object without keyed digits; the names of fields that had some are added to `masked`."""
    read = dict(pairs)
    for name in DIGITS & read.keys():
        if read[name] not in (None, ""):
            masked.append(name)
            read[name] = mask(str(read[name]))
    return read


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _whole_number(value: object) -> int:
    return value if type(value) is int else 0


def call_folder(call_session_id: str) -> str:
    """The prefix of the names of a call's parked events."""
    return f"{_part(call_session_id or 'no-call')}/"


def _part(text: str) -> str:
    return text if re.fullmatch(_NAME, text) else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
