"""The sentences of a call, as Telnyx's live transcription reports them one by one. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dialtone.domain.decisions import Decision, stay
from dialtone.domain.events import TRANSCRIPTION
from dialtone.domain.recordings import WORDS, ArchiveJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event

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
        **({"track": track} if track in {"inbound", OUTBOUND} else {}),
    }


def heard(call: Call, event: Event, most_characters: int) -> Decision:
    """A sentence was recognised: it goes into the timeline and, unless a later one came first, into the variable."""
    said = event.text(TRANSCRIPT)
    if not said:
        return stay(call, "nothing final yet")
    if event.text("track") == OUTBOUND or call.ended_at or event.occurred_at < call.heard_at:
        return Decision(call if call.heard_at else replace(call, heard_at=event.occurred_at))
    return Decision(replace(call.remembering(TRANSCRIPT, said[:most_characters]), heard_at=event.occurred_at))


def with_words_job(before: Call, decision: Decision, event: Event) -> Decision:
    """The decision with a job that stores the call's transcript, once the call is over and again when more comes."""
    after = decision.call
    if not (after.heard_at and after.ended_at) or (before.ended_at and event.type != TRANSCRIPTION):
        return decision
    job = ArchiveJob(WORDS, after.session_id, after.leg_id)
    return decision._replace(archive=(*decision.archive, job))
