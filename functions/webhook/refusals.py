"""A command that Telnyx refused, as an event of our own: decided and committed like any other."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import COMMAND_NAMESPACE, Command
from dialtone.domain.events import Event
from dialtone.domain.numbers import masked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dialtone.adapters.calls_table import StoredDecision
    from dialtone.adapters.telnyx_api import Outcome

RECORDING_ACTIONS = frozenset({"answer", "record_start"})
"""Commands that may promise a recording."""

STOP_ACTIONS = frozenset({"gather_stop", "hangup", "playback_stop", "record_resume", "record_stop"})
"""Commands that end something. Refused, that has ended already: what comes after them is sent all the same."""

BRIDGE = "bridge"
"""That it found a call ended may be about the other side: then the caller still waits to be connected."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A command and its outcome."""

    command: Command
    outcome: Outcome


def promises(command: Command) -> bool:
    """Whether a recording is expected of a command."""
    return command.action == "record_start" or (command.action == "answer" and "record" in command.parameters)


def refused(event: Event, turn: int, place: int, sent: Sent, unsent: Sequence[Command] = ()) -> Event:
    """The refusal of the command at `place` of the decision on the event, which left the call in `turn`.

    What the decision asked for after the command was not sent: the recordings that this promised will not come either.
    """
    outcome, command = sent.outcome, sent.command
    said = f"{command.action} {outcome.kind}: {outcome.code or outcome.status} {outcome.title}".strip()
    return _event(
        event,
        place,
        turn,
        call_ended=outcome.kind == "ended" and command.action != BRIDGE,
        action=command.action,
        reason=said + _about(command),
        **_recordings_of((command, *unsent)),
    )


def _recordings_of(commands: Sequence[Command]) -> dict[str, list[str] | list[int]]:
    """The recordings that these commands promised, by their files' names; by step sequence where they have none.

    Only commands that an earlier version decided on have none.
    """
    promised = [each.parameters for each in commands if promises(each)]
    names = [str(each.get("record_custom_file_name") or each.get("custom_file_name") or "") for each in promised]
    turns = [ClientState.decode(str(each.get("client_state", ""))).turn for each in promised]
    unnamed = [turn for turn, name in zip(turns, names, strict=True) if not name]
    return {"recording_names": [name for name in names if name], "recording_turns": unnamed}


def _about(command: Command) -> str:
    """What the command named that Telnyx may not know; an address without its signature, a number without its end."""
    for name in ("media_name", "audio_url", "to", "voice"):
        if value := str(command.parameters.get(name, "")):
            return f" ({name}: {masked(value) if name == 'to' else value.partition('?')[0]})"
    return ""


def refused_again(event: Event, place: int) -> Event:
    """The same refusal, as far as it must be known to find it in the timeline."""
    return _event(event, place, turn=0)


def _event(event: Event, place: int, turn: int, **payload: object) -> Event:
    return Event(
        id=str(uuid.uuid5(COMMAND_NAMESPACE, f"{event.id}/{place}/refused")),
        type="dialtone.command.refused",
        occurred_at=event.occurred_at,
        payload={"call_session_id": event.call_session_id, "call_leg_id": event.owner_leg_id, **payload},
        client_state=ClientState(turn=turn),
    )


def recordings_given_up(decided: StoredDecision, sent: Mapping[int, Sent]) -> tuple[Command, ...]:
    """The commands that promised a recording and were not sent, since one before them was refused."""
    last = max(sent, default=len(decided.commands))
    return tuple(each for each in decided.commands[last + 1 :] if promises(each))


def needs_error_path(sent: Sent, *, first: bool, given_up: bool) -> bool:
    """Whether the flow must take an error path because a command was not obeyed.

    That the call has ended says nothing of a command sent before: it may have been obeyed, and its recording may come,
    or the talk that it joined be over. Recordings are `given_up` if their commands were not sent after this one.
    """
    action, kind = sent.command.action, sent.outcome.kind
    if kind == "ended":
        return first and (given_up or (action in RECORDING_ACTIONS | {BRIDGE} and sent.outcome.attempts == 1))
    return kind == "refused" and action not in STOP_ACTIONS
