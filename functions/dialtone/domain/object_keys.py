"""Where recordings and transcripts are in the bucket: their keys, made of ids that come from outside. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dialtone.domain.recordings import Recording

_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ORDINARY_ID = r"[A-Za-z0-9_-]+([.:][A-Za-z0-9_-]+)*"
MAX_ID_CHARACTERS = 200
"""For an id in a key: a key has at most 1,024 bytes (S3) and contains two. Telnyx's ids have 36."""
_SHOWN_CHARACTERS = 60


def object_key(recording: Recording, suffix: str) -> str:
    """The key in the bucket: `recordings/YYYY/MM/DD/<session>/<recording>.<suffix>`, by the day it began (UTC).

    Ids come from Telnyx, that is from outside: an unusual id is made safe, and stays distinct from all others.
    """
    name = f"{safe_id(recording.call_leg_id)}-{recording.number:02d}.{suffix}"
    return f"{_folder(recording.started_at or recording.requested_at, recording.call_session_id)}/{name}"


def text_key(call_session_id: str, call_leg_id: str, began: str, what: str) -> str:
    """The key of a text without a recording: `<leg>-<what>.txt`, in the folder of the call's recordings."""
    return f"{_folder(began, call_session_id)}/{safe_id(call_leg_id)}-{what}.txt"


def _folder(moment: str, call_session_id: str) -> str:
    day = moment[:10]
    return f"recordings/{day.replace('-', '/') if re.fullmatch(_DAY, day) else 'undated'}/{safe_id(call_session_id)}"


def safe_id(identifier: str) -> str:
    """The id itself if it is an ordinary one, else its safe characters and a hash that keeps it distinct."""
    if len(identifier) <= MAX_ID_CHARACTERS and re.fullmatch(_ORDINARY_ID, identifier):
        return identifier
    shown = re.sub(r"[^A-Za-z0-9_-]+", "_", identifier[:_SHOWN_CHARACTERS])
    return f"{shown}~{hashlib.sha256(identifier.encode(errors='surrogatepass')).hexdigest()[:32]}"
