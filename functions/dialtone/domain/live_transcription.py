"""What is stored of the sentences that Telnyx's live transcription reports one by one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TRANSCRIPT = "transcript"
"""The variable with the latest sentence of the person on the leg, and the event's field with a sentence."""

MAX_SENTENCE_CHARACTERS = 2_000
"""Per event: more than anybody says in one breath. The rest is left out."""

OUTBOUND = "outbound"
"""The track of the other leg; some engines name no track."""

_KEPT = frozenset({"call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state", "from", "to"})


def report(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The part of such an event that is stored: a final sentence, and the engine's confidence in it."""
    given = payload.get("transcription_data")
    data: Mapping[str, Any] = given if isinstance(given, dict) else {}
    said, confidence, track = (data.get(name) for name in (TRANSCRIPT, "confidence", "transcription_track"))
    is_final = data.get("is_final") is True
    return {
        **{name: value for name, value in payload.items() if name in _KEPT},
        TRANSCRIPT: said.strip()[:MAX_SENTENCE_CHARACTERS] if is_final and isinstance(said, str) else "",
        "is_final": is_final,
        **({"confidence": confidence} if type(confidence) in {int, float} else {}),
        **({"track": track} if isinstance(track, str) and track in {"inbound", OUTBOUND} else {}),
    }
