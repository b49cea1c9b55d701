"""A call's timeline in three lanes: the caller, Telnyx's events, Dialtone's commands. Pure."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from control.call_filters import state
from dialtone.domain.commands import COMMAND_NAMESPACE
from dialtone.domain.events import CONTROL_ACTION, DIGITS, OURS
from dialtone.domain.hangup_causes import hangup_cause
from dialtone.domain.message_addresses import LEFT_OUT
from dialtone.domain.spoken_choices import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dialtone.adapters.calls_table import TimelineEntry
    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.control_answers import Leg, WrittenText
    from dialtone.domain.live_transcripts import LiveTranscript
    from dialtone.domain.recordings import Recording

TO_DIALTONE, TO_TELNYX = "to-dialtone", "to-telnyx"
"""A row's direction: an event, or a command."""

SENT, UNCONFIRMED = "sent", "not confirmed"
"""A command that Telnyx did not refuse; a command that no event has confirmed yet."""

REFUSED = "dialtone.command.refused"

_SPOKEN = {"speak": "payload", "gather_using_speak": "payload", "gather_using_ai": "greeting"}
_PLAYED = frozenset({"playback_start", "gather_using_audio"})
_SHOWN = ("to", "stop", "cause", "channels", "format", "max_length", "timeout_secs", "maximum_digits", "loop")
"""Parameters to show: they describe the command and never hold a caller's digits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event or command, and its text in each lane; '' for none."""

    at: str
    leg_id: str
    towards: str
    caller: str
    telnyx: str
    dialtone: str
    trouble: bool = False
    event_id: str = ""
    """The event's id, for a row that is an event."""
    step: str = ""
    """The leg's step after it."""
    attempt: int | None = None
    """For a webhook: the delivery that was processed, from 2; None: the first, or not known."""
    delivered_to: str | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a leg, as Telnyx reported it."""

    leg_id: str
    amount: Decimal
    currency: str
    billed_seconds: int
    parts: tuple[str, ...]
    """What was charged for."""


@dataclass(frozen=True, slots=True)
class CallTimeline:
    """A call with its legs, timeline, recordings and costs."""

    session_id: str
    legs: tuple[Call, ...]
    rows: tuple[Row, ...]
    recordings: tuple[Recording, ...]
    costs: tuple[Cost, ...]
    texts: tuple[LiveTranscript, ...] = ()
    """Transcripts that belong to no recording."""

    @property
    def began_at(self) -> str:
        """The time of its first event; '' before any."""
        return self.rows[0].at if self.rows else ""

    @property
    def total(self) -> Mapping[str, Decimal]:
        """The total cost by currency."""
        sums: dict[str, Decimal] = {}
        for each in self.costs:
            sums[each.currency] = sums.get(each.currency, Decimal()) + each.amount
        return sums

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "call_session_id": self.session_id,
            "legs": [leg_json(each) for each in self.legs],
            "timeline": [asdict(each) for each in self.rows],
            "costs": [{**asdict(each), "amount": str(each.amount)} for each in self.costs],
            "total": {currency: str(amount) for currency, amount in self.total.items()},
            "texts": [text_json(each) for each in self.texts],
        }


def leg_json(call: Call) -> Leg:
    """A leg for operators; without its variables, which may hold callers' data."""
    return {
        "call_session_id": call.session_id,
        "call_leg_id": call.leg_id,
        "call_control_id": call.control_id or None,
        "direction": call.direction or None,
        "from": call.from_number or None,
        "to": call.to_number or None,
        "flow": call.flow or None,
        "flow_version": call.flow_version or None,
        "step": call.step or None,
        "status": call.status or None,
        "outcome": call.outcome if call.ended_at else None,
        "initiated_at": call.initiated_at or None,
        "answered_at": call.answered_at or None,
        "bridged_at": call.bridged_at or None,
        "ended_at": call.ended_at or None,
        "seconds": seconds(call),
        "recordings": call.recordings_asked,
        "recorder": call.recorder or None if not call.ended_at else None,
        "hangup_cause": call.hangup_cause or None,
        "hangup_source": call.hangup_source or None,
    }


def call_timeline(
    session: str,
    legs: Sequence[Call],
    timeline: Sequence[TimelineEntry],
    recordings: Sequence[Recording],
    texts: Sequence[LiveTranscript] = (),
) -> CallTimeline:
    """The timeline of the call whose items these are."""
    refusals = {each.event_id: each for each in timeline if each.event_type == REFUSED}
    unconfirmed = {
        (leg.unconfirmed.event_id, place)
        for leg in legs
        if leg.unconfirmed and not leg.ended_at
        for place in leg.unconfirmed.places
    }
    led = {leg.leg_id: leg for leg in legs}
    parties = {each.call_leg_id: _party(each) for each in timeline if each.event_type == "call.initiated"}
    rows: list[Row] = []
    before = ""
    for entry in timeline:
        event = _event_row(entry, led.get(entry.call_leg_id), parties.get(entry.call_leg_id, ""), before)
        before = entry.step
        if _goes_on(rows, entry):
            rows[-1] = replace(rows[-1], caller=rows[-1].caller + _keys(entry), event_id=entry.event_id)
        else:
            rows.append(event)
        for place, command in enumerate(entry.commands):
            refusal = refusals.get(_refusal_id(entry.event_id, place))
            answer = UNCONFIRMED if (entry.event_id, place) in unconfirmed else SENT
            rows.append(_command_row(entry, command, refusal, answer))
    return CallTimeline(session, tuple(legs), tuple(rows), tuple(recordings), tuple(_costs(timeline)), tuple(texts))


def text_json(text: LiveTranscript) -> WrittenText:
    """A transcript without recording, as the API shows it; without its key and its text."""
    return {
        "name": text.name,
        "kind": text.kind,
        "call_leg_id": text.call_leg_id,
        "conversation_id": text.conversation_id or None,
        "status": text.status,
        "reason": text.reason,
        "requested_at": text.requested_at,
        "bytes": text.length_bytes if text.sha256 else None,
        "sha256": text.sha256 or None,
    }


def seconds(call: Call) -> float | None:
    """The call's duration from its first ring; None while it is open."""
    if not (call.initiated_at and call.ended_at):
        return None
    return round((datetime.fromisoformat(call.ended_at) - datetime.fromisoformat(call.initiated_at)).total_seconds(), 1)


def described(call: Call) -> str:
    """A call in one line: numbers, flow and outcome."""
    who = f"{call.from_number or 'withheld'} → {call.to_number or 'unknown'}"
    return ", ".join(filter(None, (who, call.flow, state(call))))


def _refusal_id(event_id: str, place: int) -> str:
    """The id of the event that reports the refusal of a command, by its position in an event's decision."""
    return str(uuid.uuid5(COMMAND_NAMESPACE, f"{event_id}/{place}/refused"))


def _party(entry: TimelineEntry) -> str:
    return str(entry.payload.get("to") or "")


def _keys(entry: TimelineEntry) -> str:
    return "".join(str(entry.payload[name]) for name in sorted(DIGITS) if entry.payload.get(name))


def _goes_on(rows: Sequence[Row], entry: TimelineEntry) -> bool:
    """Whether it is another key, pressed right after the one before."""
    last = rows[-1] if rows else None
    return (
        last is not None
        and entry.event_type == "call.dtmf.received"
        and last.telnyx == _telnyx(entry)
        and last.leg_id == entry.call_leg_id
        and not entry.reason
        and not last.dialtone
    )


def _event_row(entry: TimelineEntry, leg: Call | None, party: str, step_before: str) -> Row:
    moved = entry.step if entry.step != step_before else ""
    return Row(
        entry.occurred_at,
        entry.call_leg_id,
        TO_DIALTONE,
        _caller(entry, leg, party),
        _telnyx(entry),
        ": ".join(filter(None, (moved, entry.reason))) + _by(entry),
        trouble=entry.event_type in _TROUBLE or entry.payload.get("status") in {"failed", "file_not_found", "error"},
        event_id=entry.event_id,
        step=entry.step,
        attempt=entry.attempt or None,
        delivered_to=entry.delivered_to or None,
    )


def _by(entry: TimelineEntry) -> str:
    """Who requested it through the control API; '' for any other event."""
    return f", by {entry.payload.get('asked_by')}" if entry.event_type == CONTROL_ACTION else ""


_TROUBLE = frozenset({REFUSED, "dialtone.event.overdue", "call.recording.error"})


def _caller(entry: TimelineEntry, leg: Call | None, party: str) -> str:
    """What a person did, as an event reports it."""
    ours = leg is not None and leg.direction != "outgoing"
    person = "" if ours else party
    match entry.event_type:
        case "call.initiated":
            caller = str(entry.payload.get("from") or "withheld")
            return f"{caller} calls {party}" if ours else f"{party} is rung"
        case "call.answered":
            return "is answered" if ours else f"{person} answers".strip()
        case "call.bridged":
            return "connected" if ours else f"{person} is connected".strip()
        case "call.dtmf.received" | "call.ai_gather.ended" as event_type:
            did = f"presses {_keys(entry)}" if event_type == "call.dtmf.received" else _said(entry)
            return f"{person} {did}".strip() if did else ""
        case "call.hangup":
            by_person = entry.payload.get("hangup_source") == ("caller" if ours else "callee")
            did = "hangs up" if by_person else "is hung up on"
            never_there = None if ours else hangup_cause(str(entry.payload.get("hangup_cause"))).callee
            return f"{person} {never_there or did}".strip()
    return ""


def _said(entry: TimelineEntry) -> str:
    """The spoken choice; '' for none."""
    choice = str(entry.payload.get("choice") or NONE)
    if not entry.payload.get("spoke"):
        return ""
    return "says none of the choices" if choice == NONE else f"says the choice {choice}"


_SAID = ("status", "result", "choice", "hangup_cause", "media_name")


def _telnyx(entry: TimelineEntry) -> str:
    """The event's name, with details not shown in other lanes."""
    if entry.event_type.startswith(OURS):
        return ""
    keys = _keys(entry) if entry.event_type == "call.gather.ended" else ""
    cost = _cost(entry)
    said = [str(entry.payload.get(name) or "") for name in _SAID] if cost is None else []
    money = f"{cost.amount} {cost.currency}".strip() if cost else ""
    return " ".join(filter(None, (entry.event_type.removeprefix("call."), *said, keys, money)))


def _command_row(entry: TimelineEntry, command: Command, refusal: TimelineEntry | None, answer: str) -> Row:
    parameters = command.parameters
    shown = [f"{name}={parameters[name]}" for name in _SHOWN if name in parameters]
    said = str(refusal.payload.get("reason") or "refused") if refusal else ""
    return Row(
        entry.occurred_at,
        entry.call_leg_id,
        TO_TELNYX,
        "" if refusal else _heard(command),
        said or answer,
        " ".join((command.action, *shown)),
        trouble=bool(refusal),
        step=entry.step,
    )


def _heard(command: Command) -> str:
    """What the person on the line hears because of a command."""
    parameters = command.parameters
    if command.action in _SPOKEN:
        return f"“{parameters.get(_SPOKEN[command.action], '')}”"
    if command.action in _PLAYED:
        if parameters.get("audio_url") == LEFT_OUT:
            return "♪ the message"
        return f"♪ {parameters.get('media_name') or parameters.get('audio_url') or 'audio'}"
    return ""


def _costs(timeline: Iterable[TimelineEntry]) -> Iterator[Cost]:
    """The latest cost of each leg: Telnyx may report it again."""
    found = {each.leg_id: each for each in map(_cost, timeline) if each}
    yield from found.values()


def _cost(entry: TimelineEntry) -> Cost | None:
    if entry.event_type != "call.cost":
        return None
    payload = entry.payload
    listed = payload.get("cost_parts")
    parts = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    try:
        amount = Decimal(str(payload.get("total_cost")))
    except InvalidOperation:
        return None
    if not amount.is_finite():
        return None
    currency = next((str(each["currency"]) for each in parts if each.get("currency")), "")
    billed = payload.get("billed_duration_secs")
    return Cost(
        entry.call_leg_id,
        amount,
        currency,
        billed if isinstance(billed, int) else 0,
        tuple(f"{each.get('call_part', '?')} {each.get('cost', '?')}" for each in parts),
    )
