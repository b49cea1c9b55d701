"""Turns a command that Telnyx refused into an event of our own, which is decided and committed like any other."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE, SEND_MESSAGE, Command
from dialtone.domain.events import TEXT_ACCEPTED, Event
from dialtone.domain.numbers import masked
from dialtone.domain.own_events import refusal_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dialtone.adapters.calls_table import StoredDecision
    from dialtone.adapters.telnyx_api import Outcome
    from dialtone.domain.calls import Call

RECORDING_ACTIONS = frozenset({"answer", "record_start"})
"""Commands that may promise a recording."""

STOP_ACTIONS = frozenset(
    {
        "ai_assistant_stop",
        "conference_end",
        "conference_leave",
        "gather_stop",
        "hangup",
        "leave_queue",
        "playback_stop",
        "record_resume",
        "record_stop",
        "transcription_stop",
    }
)
"""Commands that end something. If one is refused, that has ended already, so the commands after it are still sent."""

HANGUP = "hangup"

REFUSED = "dialtone.command.refused"
"""The type of the event."""

CONFERENCE_ENDED, CONFERENCE_FULL, CONFERENCE_NAME_IN_USE, QUEUE_FULL = "90019", "90032", "90033", "90036"
"""Telnyx's codes."""

BRIDGE = "bridge"
"""If Telnyx says "the call has ended", that may mean the other side: then the caller still waits to be connected."""


class Sent(NamedTuple):
    """A command and its outcome."""

    command: Command
    outcome: Outcome
    by_api: bool = False
    """Whether the control API requested it: then a refusal is the answer to its client."""

    @property
    def untaken(self) -> bool:
        """Whether the command must be sent again: Telnyx did not take it, or refused to hang up."""
        return self.outcome.kind == "unavailable" or self.hangup_refused

    @property
    def hangup_refused(self) -> bool:
        """Whether the refusal leaves a silent line open."""
        return self.command.action == HANGUP and self.outcome.kind == "refused" and not self.by_api

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done about it."""
        return not self.untaken and (self.outcome.kind != "refused" or self.command.action in STOP_ACTIONS)

    @property
    def expected(self) -> bool:
        """Whether flows foresee the refusal: a queue or conference is full, not there yet, or already over."""
        action, outcome = self.command.action, self.outcome
        return outcome.kind == "refused" and (
            (action == "conference_join" and outcome.status == HTTPStatus.NOT_FOUND)
            or (action == "conference_create" and outcome.code == CONFERENCE_NAME_IN_USE)
            or outcome.code in {CONFERENCE_ENDED, CONFERENCE_FULL, QUEUE_FULL}
        )


def promises(command: Command) -> bool:
    """Whether the command starts a recording."""
    return command.action == "record_start" or (command.action == "answer" and "record" in command.parameters)


def refusals_of(  # noqa: PLR0913 -- what was decided, what came of it
    event: Event,
    decided: StoredDecision,
    call: Call,
    places: frozenset[int],
    sent: Mapping[int, Sent],
    *,
    first: bool,
) -> Iterator[Event]:
    """The refusals to report to the call, after the commands at these places were sent.

    The first refusal also names the recordings promised by commands after it: those were not sent, so they will not
    come.
    """
    given_up = tuple(
        decided.commands[place] for place in sorted(places - sent.keys()) if promises(decided.commands[place])
    )
    for place, each in sorted(sent.items()):
        if each.by_api and each.outcome.kind in {"refused", "ended"}:
            yield refused(event, decided.turn, place, each, from_outside=True)
        elif _needs_error_path(each, call, first=first, given_up=bool(given_up)):
            yield refused(event, decided.turn, place, each, given_up)
            given_up = ()


JOIN = "conference_join"
"""Telnyx may refuse it for any of the three legs."""


def refused(  # noqa: PLR0913 -- what was decided, what came of it
    event: Event,
    turn: int,
    place: int,
    sent: Sent,
    given_up: Sequence[Command] = (),
    *,
    from_outside: bool = False,
) -> Event:
    """The refusal of the command at `place` of the decision on the event, which left the call in `turn`."""
    outcome, command = sent.outcome, sent.command
    said = f"{command.action} {outcome.kind}: {outcome.code or outcome.status} {outcome.title}".strip()
    payload = {
        "call_session_id": event.call_session_id,
        "call_leg_id": event.owner_leg_id,
        "origin": event.text("origin") or event.id,
        "call_ended": outcome.kind == "ended" and command.action != BRIDGE,
        "action": command.action,
        "code": outcome.code,
        "status": outcome.status,
        "reason": said + _about(command),
        **({"from_outside": True} if from_outside else {}),
        **({"of_leg": command.call_control_id} if command.action == JOIN else {}),
        **_recordings_of((command, *given_up)),
    }
    return Event(refusal_id(event.id, place), REFUSED, event.occurred_at, payload, ClientState(turn=turn))


def acceptances_of(
    event: Event, decided: StoredDecision, call: Call, places: frozenset[int], sent: Mapping[int, Sent]
) -> Iterator[Event]:
    """An event of our own for each text that Telnyx took, since the text's step waits for it."""
    for place in sorted(places & sent.keys()):
        each = sent[place]
        if each.command.action != SEND_MESSAGE or each.outcome.kind != "accepted":
            continue
        payload = {
            "call_session_id": call.session_id,
            "call_leg_id": call.leg_id,
            "origin": event.text("origin") or event.id,
            "message_id": str(each.outcome.data.get("id", "")),
        }
        event_id = str(uuid.uuid5(COMMAND_NAMESPACE, f"{event.id}/{place}/accepted"))
        yield Event(event_id, TEXT_ACCEPTED, event.occurred_at, payload, ClientState(turn=decided.turn))


def _recordings_of(commands: Sequence[Command]) -> dict[str, list[str] | list[int]]:
    """The recordings that these commands promised, by file name; by step sequence number if they have no name.

    Only commands decided by an earlier version of the program have no name.
    """
    promised = [each.parameters for each in commands if promises(each)]
    names = [str(each.get("record_custom_file_name") or each.get("custom_file_name") or "") for each in promised]
    turns = [ClientState.decode(str(each.get("client_state", ""))).turn for each in promised]
    unnamed = [turn for turn, name in zip(turns, names, strict=True) if not name]
    return {"recording_names": [name for name in names if name], "recording_turns": unnamed}


def _about(command: Command) -> str:
    """The named thing that Telnyx may not know: an address without its signature, a number without its last digits."""
    for name in ("media_name", "audio_url", "to", "voice"):
        if value := str(command.parameters.get(name, "")):
            return f" ({name}: {masked(value) if name == 'to' else value.partition('?')[0]})"
    return ""


def _needs_error_path(sent: Sent, call: Call, *, first: bool, given_up: bool) -> bool:
    """Whether the flow must take an error path because a command was not obeyed.

    "The call has ended" says nothing about a command that was sent before: Telnyx may have obeyed that one, and its
    recording may come. A bridge was obeyed if Telnyx has reported it; if not, the other side is gone, and the caller
    still waits. Recordings are `given_up` if their commands were not sent after this one.
    """
    action, kind = sent.command.action, sent.outcome.kind
    if kind != "ended":
        return kind == "refused" and action not in STOP_ACTIONS
    if action == BRIDGE:
        return not _is_bridged(call, sent.command)
    return first and (given_up or (action in RECORDING_ACTIONS and sent.outcome.attempts == 1))


def _is_bridged(call: Call, bridge: Command) -> bool:
    party = bridge.parameters.get("call_control_id")
    return any(leg.bridged for leg in call.far_legs.values() if leg.control_id == party)
