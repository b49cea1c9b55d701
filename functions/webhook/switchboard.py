"""The way of one event: load, decide, commit, send."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import webhook.handlers  # noqa: F401 -- importing them registers them
from dialtone.calls import Call
from dialtone.client_state import ClientState
from dialtone.commands import COMMAND_NAMESPACE, Command, command_id
from dialtone.events import Event
from dialtone.store import Decided, DuplicateEvent, LostRace, Store, StoreUnavailable
from webhook.router import route

if TYPE_CHECKING:
    from collections.abc import Callable

    from dialtone.archive_queue import ArchiveQueue
    from dialtone.flow_library import FlowLibrary
    from dialtone.telnyx_api import Outcome

MAX_RACES = 5
"""How often an event is decided again because another of the same call was faster; a call has few events at once."""

COMMAND_ID_SECONDS = 60
"""How long Telnyx remembers a command id (its documentation). Older commands of a call that has gone on are not sent
again: they were obeyed, or the call would not have gone on, and Telnyx would obey them twice."""

MAX_REFUSALS = 10
"""Error ways followed on one event; a flow hangs up before that."""

_TIDYING = frozenset({"gather_stop", "playback_stop", "record_resume", "record_stop"})
"""Commands that end something. Refused, that has ended already: what comes after them is sent all the same."""

_PROMISING = frozenset({"answer", "record_start"})


class Telnyx(Protocol):
    """What the switchboard needs of Telnyx."""

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send one command; what came of it before the deadline, a reading of the monotonic clock."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A command and what came of it."""

    command: Command
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Handled:
    """What was done about an event."""

    duplicate: bool
    call: Call
    reason: str = ""
    sent: tuple[Sent, ...] = ()
    unsent: int = 0
    """Commands that Telnyx could not be given: the event must come again."""
    races: int = 0


@dataclass(slots=True)
class Switchboard:
    """Takes events to the calls that they are for, and commands to Telnyx."""

    store: Store
    library: FlowLibrary
    telnyx: Telnyx
    archive: ArchiveQueue
    now_seconds: Callable[[], float] = field(default=time.time)

    def handle(self, event: Event, deadline: float) -> Handled:
        """Decide once, send until it is sent. `deadline` is a reading of the monotonic clock.

        Raises StoreUnavailable and botocore's errors: nothing was lost, the event must come again.
        """
        call, decided, handled = self._decide(event)
        sent, unsent = self._send(event, decided, deadline)
        for job in decided.archive:
            self.archive.put(job)
        refusals = [
            _refusal(event, decided.turn, place, each)
            for place, each in sent
            if _matters(each, first=not handled.duplicate)
        ]
        outcomes = tuple(each for _, each in sent)
        for refusal in refusals[:MAX_REFUSALS]:
            followed = self.handle(refusal, deadline)
            call, outcomes, unsent = followed.call, outcomes + followed.sent, unsent + followed.unsent
        return Handled(handled.duplicate, call, handled.reason, outcomes, unsent, handled.races)

    def _decide(self, event: Event) -> tuple[Call, Decided, Handled]:
        for races in range(MAX_RACES):
            loaded = self.store.load(event)
            call = loaded.call or Call(event.call_session_id, event.owner_leg_id)
            if loaded.decided:
                return self._again(call, loaded.decided)
            call = self.library.attach(call, event)
            decision = route(call, event)
            now = self.now_seconds()
            try:
                self.store.commit(event, call, decision, at_seconds=now)
            except LostRace:
                continue
            except DuplicateEvent as duplicate:
                return self._again(call, duplicate.decided)
            decided = Decided(decision.commands, decision.archive, decision.call.turn, now)
            handled = Handled(duplicate=False, call=decision.call, reason=decision.reason, races=races)
            return decision.call, decided, handled
        raise StoreUnavailable(f"another event was faster {MAX_RACES} times")

    def _again(self, call: Call, decided: Decided) -> tuple[Call, Decided, Handled]:
        forgotten = self.now_seconds() - decided.at_seconds > COMMAND_ID_SECONDS
        if forgotten and call.turn > decided.turn:
            decided = Decided((), decided.archive, decided.turn, decided.at_seconds)
        return call, decided, Handled(duplicate=True, call=call, reason="came before")

    def _send(self, event: Event, decided: Decided, deadline: float) -> tuple[list[tuple[int, Sent]], int]:
        sent: list[tuple[int, Sent]] = []
        for place, command in enumerate(decided.commands):
            outcome = self.telnyx.send(command, command_id(event.id, place), deadline)
            sent.append((place, Sent(command, outcome)))
            if outcome.kind == "unavailable":
                return sent, len(decided.commands) - place
            if outcome.kind != "accepted" and command.action not in _TIDYING:
                break
        return sent, 0


def _matters(sent: Sent, *, first: bool) -> bool:
    """Whether the call has to hear that a command was not obeyed.

    That the call has ended says nothing of a command sent before: it may have been obeyed, and its recording may come.
    """
    action, kind = sent.command.action, sent.outcome.kind
    if kind == "ended":
        return action in _PROMISING and first and sent.outcome.attempts == 1
    return kind == "refused" and action not in _TIDYING and action != "hangup"


def _refusal(event: Event, turn: int, place: int, sent: Sent) -> Event:
    """Our own event: the same one whenever the same command of the same decision is refused.

    It is of the turn in which the decision left the call: what the decision asked for after the command was not sent.
    """
    outcome, command = sent.outcome, sent.command
    mark = ClientState.decode(str(command.parameters.get("client_state", "")))
    reason = f"{command.action} {outcome.kind}: {outcome.code or outcome.status} {outcome.title}".strip()
    return Event(
        id=str(uuid.uuid5(COMMAND_NAMESPACE, f"{event.id}/{place}/refused")),
        type="dialtone.command.refused",
        occurred_at=event.occurred_at,
        payload={
            "call_session_id": event.call_session_id,
            "call_leg_id": event.owner_leg_id,
            "call_ended": outcome.kind == "ended",
            "recording_turn": mark.turn if command.action in _PROMISING else None,
            "reason": reason,
        },
        client_state=ClientState(turn=turn),
    )
