"""Which commands are sent, and which are sent again, so that Telnyx obeys a leg's commands once and in order. Pure.

Two events of a call may be handled at the same moment. A command may be late, lost, or obeyed although its answer was
lost. So before a decision with commands is committed, the commands of the decision before it must be confirmed: by the
event itself, whose `client_state` shows which command Telnyx obeyed last, or by sending them again under the same ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dialtone.domain.call_status import ENDED
from dialtone.domain.client_state import ClientState
from dialtone.domain.commands import SEND_MESSAGE
from dialtone.domain.events import TEXT_ACCEPTED, Event
from dialtone.domain.failover import FailoverState
from dialtone.domain.message_addresses import lacks_address, put_back
from dialtone.domain.own_events import NOT_KNOWN, TOO_LATE, asked_place
from dialtone.domain.recordings import EXPECTED
from dialtone.domain.telnyx_actions import ACTIONS
from dialtone.domain.unconfirmed_commands import Unconfirmed
from webhook.failover_legs import id_of
from webhook.refused_commands import BRIDGE, HANGUP, REFUSED
from webhook.sending import groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dialtone.adapters.calls_table import StoredDecision
    from dialtone.adapters.telnyx_api import TakenCommand
    from dialtone.domain.calls import Call
    from dialtone.domain.commands import Command
    from dialtone.domain.decisions import Decision

COMMAND_ID_SECONDS = 60
"""How long Telnyx remembers a command id (its documentation)."""

RESEND_SECONDS = 55
"""How long after a decision its commands are sent again: with the time for sending, Telnyx still knows their ids."""

MESSAGE_KEY_SECONDS = 23 * 3_600
"""How long a text is sent again under its key: Telnyx repeats its answer for 24 hours (its documentation)."""

ANSWERS = frozenset({REFUSED, TEXT_ACCEPTED})
"""Events of our own that confirm the command they are about."""

CONNECTING = frozenset({BRIDGE, "transfer"})

DIAL, COMMAND_ID = "dial", "command_id"

CONFERENCE_END = "conference_end"
"""The conference outlives the call, and ends only once."""

REPEATABLE = frozenset({"record_pause", "record_resume", "record_stop"})
"""Commands that do no harm if they are obeyed twice."""

_STATES = ("client_state", "target_leg_client_state")


def with_numbers(decision: Decision, event: Event, waiting: Unconfirmed | None, number: int) -> Decision:
    """The decision with its number in the `client_state` of its commands, and these commands noted as unconfirmed.

    `waiting` are the unconfirmed commands of the decision before. The refusal of one of them settles the others, since
    nothing is sent after a refused command.
    """
    commands = tuple(_numbered(each, number, place) for place, each in enumerate(decision.commands))
    left = waiting._replace(groups=()) if waiting and event.type in ANSWERS else waiting
    return decision._replace(
        call=decision.call._replace(unconfirmed=_unconfirmed(event, commands, number) if commands else left),
        commands=commands,
        lookup=decision.lookup and decision.lookup._replace(decision=number),
        question=decision.question and decision.question._replace(decision=number),
    )


def _unconfirmed(event: Event, commands: Sequence[Command], number: int) -> Unconfirmed:
    ordered = (tuple(place for place in group if commands[place].action != HANGUP) for group in groups(commands))
    connecting = [place for place, each in enumerate(commands) if each.action in CONNECTING]
    return Unconfirmed(
        event.id,
        event.occurred_at,
        number,
        groups=tuple(group for group in ordered if group),
        bridge=connecting[0] if connecting else -1,
        origin=event.text("origin"),
    )


def _numbered(command: Command, number: int, place: int) -> Command:
    states = {
        name: ClientState.decode(str(text))._replace(decision=number, place=place).encode()
        for name in _STATES
        if (text := command.parameters.get(name)) and not FailoverState.decode(text)
    }
    return command._replace(parameters={**command.parameters, **states}) if states else command


def starting_nothing(decision: Decision, before: Call) -> Decision:
    """The decision without ringing, speaking, recording, looking up or moving on: the call is long over."""
    known = {each.number for each in before.recordings}
    return decision._replace(
        call=decision.call._replace(
            recordings=tuple(each for each in decision.call.recordings if each.number in known),
            after_hangup=before.after_hangup,
        ),
        commands=tuple(each for each in decision.commands if each.action == HANGUP),
        recordings=tuple(each for each in decision.recordings if each.status != EXPECTED or each.number in known),
        lookup=None,
        question=None,
        promised=None,
        claimed=None,
    )


def all_places(decided: StoredDecision) -> frozenset[int]:
    """The places of all commands."""
    return frozenset(range(len(decided.commands)))


def must_wait(waiting: Unconfirmed | None, call: Call, event: Event, decision: Decision) -> bool:
    """Whether the commands in `waiting` must be confirmed before a decision may be committed.

    A call that has ended waits for nothing; and if the event is the refusal of one of these commands, it settles them.
    """
    if not waiting or not waiting.groups or event.type in ANSWERS or decision.call.status == ENDED:
        return False
    return bool(decision.commands) or decision.call.turn != call.turn


def waiting_for(event: Event, decided: StoredDecision, call: Call) -> Unconfirmed | None:
    """The unconfirmed commands when an event is redelivered: its own, or those of a refusal that followed from it.

    None is known for a call that was in progress when this was deployed: the version before did not track them.
    """
    waiting = call.unconfirmed
    if waiting is None and call.turn <= decided.turn:
        return _unconfirmed(event, decided.commands, 0)
    if waiting is None:
        return None
    # A repeated answer to a lookup is another event with the same id: only its time differs.
    is_it = (event.id, event.occurred_at) == (waiting.event_id, waiting.occurred_at)
    return waiting if is_it or event.id == waiting.origin else None


def decided_on(waiting: Unconfirmed, call: Call) -> Event:
    """The event of that decision, with the fields needed to find the decision and to send its commands."""
    about = {"call_session_id": call.session_id, "call_leg_id": call.leg_id, "origin": waiting.origin}
    return Event(waiting.event_id, "", waiting.occurred_at, about)


def with_addresses(decided: StoredDecision, call: Call) -> StoredDecision:
    """The stored decision with the URLs that are not stored, so that its commands can be sent."""
    return decided._replace(commands=tuple(put_back(each, call) for each in decided.commands))


def to_send_again(decided: StoredDecision, waiting: Unconfirmed | None, call: Call) -> frozenset[int]:
    """The places of the commands to send again: hang-ups, and those that are unconfirmed.

    Nothing is spoken on a leg that has ended. A message cannot be played once its review is over: its address is
    forgotten.
    """
    hangups = frozenset(place for place, each in enumerate(decided.commands) if each.action == HANGUP)
    return frozenset(
        place
        for place in (hangups | (waiting.places if waiting else frozenset())) - decided.obeyed
        if not _is_over(decided.commands[place], call) and not lacks_address(put_back(decided.commands[place], call))
    )


def forgotten(decided: StoredDecision, places: frozenset[int], now_seconds: float) -> frozenset[int]:
    """The commands at these places that Telnyx would obey twice, because it no longer remembers their ids.

    Hang-ups are left out: a leg ends only once.
    """
    old = now_seconds - decided.at_seconds
    if old > MESSAGE_KEY_SECONDS:
        return frozenset(place for place in places if decided.commands[place].action not in {HANGUP, CONFERENCE_END})
    if old <= RESEND_SECONDS:
        return frozenset()
    known = {HANGUP, CONFERENCE_END, SEND_MESSAGE}
    return frozenset(place for place in places if decided.commands[place].action not in known)


def bridges(decided: StoredDecision, places: frozenset[int]) -> frozenset[int]:
    """The bridges among these. One refused because a leg has ended does not show whether the two have talked."""
    return frozenset(place for place in places if decided.commands[place].action == BRIDGE)


def too_late(decided: StoredDecision, places: frozenset[int], now_seconds: float) -> frozenset[int]:
    """The commands that the call goes on without; never one that keeps a card number out of a recording."""
    old = forgotten(decided, places, now_seconds)
    return frozenset(place for place in old if decided.commands[place].action not in REPEATABLE)


def not_taken(
    event_id: str, decided: StoredDecision, places: frozenset[int], call: Call, taken: Sequence[TakenCommand]
) -> frozenset[int]:
    """The commands at these places that Telnyx, by its own list of the call's commands, has not taken.

    A listed command whose name is unknown may be any of them: then none is sent.
    """
    if any(each.action not in ACTIONS for each in taken):
        return frozenset()
    left = list(taken)
    missing: set[int] = set()
    # Telnyx's list has no texts: a text whose key Telnyx has forgotten is not sent again.
    for place in sorted(place for place in places if decided.commands[place].action != SEND_MESSAGE):
        found = next((each for each in left if _is_of(each, decided.commands[place], event_id, place, call)), None)
        if found is None:
            missing.add(place)
        else:
            left.remove(found)
    return frozenset(missing)


def in_doubt(  # noqa: PLR0913, PLR0917 -- what was asked for, and what is known of it
    event: Event,
    decided: StoredDecision,
    waiting: Unconfirmed | None,
    sent: frozenset[int],
    call: Call,
    now_seconds: float,
) -> int | None:
    """The place of the command that was asked for from outside, if Telnyx may or may not have obeyed it.

    It is known of what was just `sent`, or noted, or confirmed; and if the call has gone on while it was not too late,
    since nothing else was decided before it was obeyed. A hang-up asks for no more than that the call is over.
    """
    place = asked_place(event.type, event.payload, decided.commands)
    if place is None or place in sent | decided.obeyed or decided.commands[place].action == HANGUP:
        return None
    if waiting:
        return place if waiting.event_id == event.id and place in waiting.places else None
    went_on_after = call.status != ENDED and not too_late(decided, frozenset({place}), now_seconds)
    return None if went_on_after else place


def doubt_about(event_id: str, place: int, command: Command, call: Call, taken: Sequence[TakenCommand]) -> str:
    """What is not known of a command by Telnyx's account of the call since its decision; '' if it was taken.

    Nothing, if the account lists no command, or one that may be this one though it does not say so.
    """
    if any(id_of(command, event_id, place) in each.said for each in taken):
        return ""
    known = taken and all(each.action in ACTIONS for each in taken)
    if not known or any(_is_of(each, command, event_id, place, call) for each in taken):
        return NOT_KNOWN
    return TOO_LATE


def _is_of(taken: TakenCommand, command: Command, event_id: str, place: int, call: Call) -> bool:
    """Whether it is this command: by its id, or by action and leg if Telnyx does not list the id."""
    if COMMAND_ID in taken.said:
        return id_of(command, event_id, place) in taken.said
    if command.action == DIAL or taken.action != command.action:
        return taken.action == command.action
    return taken.call_leg_id == _leg_id(command.call_control_id, call)


def _leg_id(control_id: str, call: Call) -> str:
    if control_id == call.control_id:
        return call.leg_id
    return next((leg_id for leg_id, leg in call.far_legs.items() if leg.control_id == control_id), "")


def _is_over(command: Command, call: Call) -> bool:
    """Whether the leg that a command is for has ended; for a dial, the caller's leg."""
    if command.action in {SEND_MESSAGE, CONFERENCE_END}:
        return False
    if command.call_control_id in {"", call.control_id}:
        return call.status == ENDED
    return any(leg.status == ENDED for leg in call.far_legs.values() if leg.control_id == command.call_control_id)
