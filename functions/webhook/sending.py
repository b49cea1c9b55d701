"""Sends a decision's commands: which are sent together, and after which outcome the rest is not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dialtone.domain.own_events import asked_place
from webhook.failover_legs import id_of
from webhook.refused_commands import BRIDGE, STOP_ACTIONS, Sent

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from dialtone.adapters.telnyx_api import Outcome, TakenCommand
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event


class Telnyx(Protocol):
    """The Telnyx requests that sending needs."""

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send one command; give its outcome by the deadline, a reading of the monotonic clock."""
        ...

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Send several with their ids, in no order; give the outcome of each."""
        ...

    def commands_since(self, call_session_id: str, since_seconds: float, deadline: float) -> Sequence[TakenCommand]:
        """A phone call's commands that Telnyx has taken since a unix time. Raises TelnyxUnavailable, TelnyxRefused."""
        ...


def groups(commands: Sequence[Command]) -> Iterator[range]:
    """The places of the commands, in groups; the commands of a group are sent together.

    Commands of one leg keep their order. Commands after a bridge wait for it: if it fails, the other callees must still
    be ringing.
    """
    begun, legs = 0, set[str]()
    for place, command in enumerate(commands):
        leg = command.call_control_id or f"dialled by {place}"
        if place > begun and (leg in legs or BRIDGE in {command.action, commands[place - 1].action}):
            yield range(begun, place)
            begun, legs = place, set()
        legs.add(leg)
    if commands:
        yield range(begun, len(commands))


def send_all(
    telnyx: Telnyx, event: Event, commands: Sequence[Command], deadline: float, places: Container[int]
) -> tuple[dict[int, Sent], int]:
    """Send the commands at these places of the decision on an event, group by group.

    Returns the outcome of each command sent, by its place, and how many Telnyx did not take. A group is not sent before
    the outcome of the one before it is known, nor after a refused command: the caller would hear it in the wrong place.
    A refused hang-up counts as not taken: the line would stay open in silence. One that the control API requested does
    not: the call goes on as before, and the client learns of the refusal.
    """
    sent: dict[int, Sent] = {}
    by_api = asked_place(event.type, event.payload, commands)
    for group in groups(commands):
        asked = [place for place in group if place in places]
        for place, outcome in zip(asked, _outcomes(telnyx, event.id, commands, asked, deadline), strict=True):
            sent[place] = Sent(commands[place], outcome, place == by_api)
        if untaken := sum(sent[place].untaken for place in asked):
            return sent, untaken + sum(place in places for place in range(group.stop, len(commands)))
        if any(_stops(sent[place]) for place in asked):
            break
    return sent, 0


def _outcomes(
    telnyx: Telnyx, event_id: str, commands: Sequence[Command], places: Sequence[int], deadline: float
) -> Sequence[Outcome]:
    asked = [(commands[place], id_of(commands[place], event_id, place)) for place in places]
    if len(asked) == 1:
        return (telnyx.send(*asked[0], deadline),)
    return telnyx.send_together(asked, deadline) if asked else ()


def _stops(sent: Sent) -> bool:
    return sent.outcome.kind != "accepted" and sent.command.action not in STOP_ACTIONS
