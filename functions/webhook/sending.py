"""Sends the commands of a decision: which go out together, and where the rest stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dialtone.domain.commands import command_id
from webhook.refusals import BRIDGE, STOP_ACTIONS, Sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dialtone.adapters.telnyx_api import Outcome
    from dialtone.domain.commands import Command
    from dialtone.domain.events import Event


class Telnyx(Protocol):
    """What is needed of Telnyx."""

    def send(self, command: Command, command_id: str, deadline: float) -> Outcome:
        """Send one command; give its outcome by the deadline, a reading of the monotonic clock."""
        ...

    def send_together(self, asked: Sequence[tuple[Command, str]], deadline: float) -> Sequence[Outcome]:
        """Send several with their ids, in no order; give the outcome of each."""
        ...


def groups(commands: Sequence[Command]) -> Iterator[range]:
    """Give the places of the commands, group after group: those of a group go out together.

    Commands of one leg keep their order. What comes after a bridge waits for it: if it fails, the other callees must
    still be ringing.
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


def send_all(  # noqa: PLR0913 -- the last two are for what comes again
    telnyx: Telnyx,
    event: Event,
    commands: Sequence[Command],
    deadline: float,
    *,
    refused_before: frozenset[int] = frozenset(),
    stale: frozenset[int] = frozenset(),
) -> tuple[dict[int, Sent], int]:
    """Send the commands of the decision on an event, group after group.

    Gives the outcome of each that was sent, by its place, and how many Telnyx did not take. No group goes out while the
    outcome of the one before is unknown, or after one with a refused command (now or `refused_before`): the caller
    would hear it in the wrong place. `stale` commands are skipped.
    """
    sent: dict[int, Sent] = {}
    for group in groups(commands):
        places = [place for place in group if place not in refused_before | stale]
        for place, outcome in zip(places, _outcomes(telnyx, event, commands, places, deadline), strict=True):
            sent[place] = Sent(commands[place], outcome)
        unavailable = sum(sent[place].outcome.kind == "unavailable" for place in places)
        if unavailable:
            return sent, unavailable + len(commands) - group.stop
        if refused_before.intersection(group) or any(_stops(sent[place]) for place in places):
            break
    return sent, 0


def _outcomes(
    telnyx: Telnyx, event: Event, commands: Sequence[Command], places: Sequence[int], deadline: float
) -> Sequence[Outcome]:
    asked = [(commands[place], command_id(event.id, place)) for place in places]
    if len(asked) == 1:
        return (telnyx.send(*asked[0], deadline),)
    return telnyx.send_together(asked, deadline) if asked else ()


def _stops(sent: Sent) -> bool:
    return sent.outcome.kind != "accepted" and sent.command.action not in STOP_ACTIONS
